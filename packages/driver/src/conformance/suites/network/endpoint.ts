import { isIP, isIPv4 } from "node:net";
import type { Check } from "../../check.ts";
import type { Probe } from "../../probe.ts";
import { type GoObject, goObject } from "../../verdict.ts";
import { isCidr } from "../ipam/cidr.ts";
import { createdEndpoint, createdNetwork, joined, newEndpoint } from "./networks.ts";

const together = 8;
const mac = /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/;

export const networkEndpointChecks: readonly Check[] = [
  {
    id: "network.endpoint-given-fields",
    level: "MUST",
    title: "CreateEndpoint gives back no address that it was given.",
    because: "A value for a field that was supplied, even the same, is an error, and the endpoint is deleted again (all versions).",
    mend: 'Answer {"Interface":{}}, with MacAddress alone where none was given.',
    needs: "network.create",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      for (const given of ["", "02:42:c6:12:00:03"]) {
        const answer = await createdEndpoint(probe, newEndpoint(probe, network), `${network.subnet}.${given === "" ? 3 : 4}/24`, given);
        if (answer === undefined) continue;
        const address = probe.text(answer, "Address");
        probe.expect(address === "", "no Address", `it is ${JSON.stringify(address)}`);
        const hardware = probe.text(answer, "MacAddress");
        probe.expect(given === "" || hardware === "", "no MacAddress where one was given", `it is ${JSON.stringify(hardware)}`);
      }
    },
  },
  {
    id: "network.endpoint-values",
    level: "MUST",
    title: "A MacAddress or AddressIPv6 that CreateEndpoint gives can be read.",
    because: "The engine parses them, and deletes the endpoint if it can't (all versions).",
    mend: "Write 02:42:c6:12:00:03 and 2001:db8::3/64.",
    needs: "network.create",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      const answer = await createdEndpoint(probe, newEndpoint(probe, network), `${network.subnet}.3/24`);
      if (answer === undefined) return;
      const [hardware, six] = [probe.text(answer, "MacAddress"), probe.text(answer, "AddressIPv6")];
      probe.expect(hardware === "" || mac.test(hardware), "a MAC address", `MacAddress is ${JSON.stringify(hardware)}`);
      probe.expect(six === "" || isCidr(six), "an address with its length", `AddressIPv6 is ${JSON.stringify(six)}`);
    },
  },
  {
    id: "network.join-answer",
    level: "MUST",
    title: "What Join gives can be used: interface names, gateways, routes.",
    because:
      "The engine moves SrcName into the container as DstPrefix and a number, and sets gateways and routes; what it can't parse fails the start (all versions).",
    mend: 'Answer {"InterfaceName":{"SrcName":"veth1a2b3c4","DstPrefix":"eth"},"Gateway":"198.18.5.1"}; an interface name has at most 15 bytes.',
    needs: "network.create",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      const ids = newEndpoint(probe, network);
      await createdEndpoint(probe, ids, `${network.subnet}.3/24`);
      const answer = await joined(probe, ids);
      interfaceName(probe, answer);
      for (const key of ["Gateway", "GatewayIPv6"]) {
        const gateway = probe.text(answer, key);
        probe.expect(gateway === "" || isIP(gateway) !== 0, `${key} to be an address without a length`, `it is ${JSON.stringify(gateway)}`);
      }
      for (const route of probe.list(answer, "StaticRoutes")) staticRoute(probe, route);
    },
  },
  {
    id: "network.endpoints-same-time",
    level: "MUST",
    title: `${together} endpoints of one network, made and joined at the same time, all succeed, with interfaces of their own.`,
    because: "The engine starts containers in parallel (all versions).",
    mend: "Guard the driver's own state; make interface names from the endpoint's id.",
    needs: "network.lifecycle",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      const names = await Promise.all(
        Array.from({ length: together }, async (_, index) => {
          const ids = newEndpoint(probe, network);
          await createdEndpoint(probe, ids, `${network.subnet}.${index + 10}/24`);
          const name = probe.object(await joined(probe, ids), "InterfaceName");
          return name === undefined ? "" : probe.text(name, "SrcName");
        }),
      );
      const given = names.filter((name) => name !== "");
      probe.expect(new Set(given).size === given.length, "different SrcNames", `they are ${given.join(", ")}`);
    },
  },
  {
    id: "network.leave-twice",
    level: "MUST",
    title: "Leave and DeleteEndpoint that are repeated are answered.",
    because: "An engine that was ended within them sends them again when it starts (all versions).",
    mend: "Answer {} or Err.",
    needs: "network.lifecycle",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      const ids = newEndpoint(probe, network);
      await createdEndpoint(probe, ids, `${network.subnet}.3/24`);
      await joined(probe, ids);
      for (const method of ["Leave", "DeleteEndpoint"]) {
        await probe.succeed(`NetworkDriver.${method}`, ids);
        await probe.ask(`NetworkDriver.${method}`, ids);
      }
    },
  },
];

function interfaceName(probe: Probe, answer: GoObject): void {
  const name = probe.object(answer, "InterfaceName");
  const source = name === undefined ? "" : probe.text(name, "SrcName");
  if (name === undefined || source === "") return;
  probe.expect(
    source.length <= 15 && !/[\s/]/.test(source),
    "SrcName to be an interface's name of at most 15 bytes",
    `it is ${JSON.stringify(source)}`,
  );
  const [prefix, exact] = [probe.text(name, "DstPrefix"), probe.text(name, "DstName")];
  probe.expect(prefix !== "" || exact !== "", "DstPrefix beside SrcName", "there is none");
}

function staticRoute(probe: Probe, value: unknown): void {
  const route = goObject(value);
  if (route === undefined) probe.fail("StaticRoutes to hold objects", `one is ${JSON.stringify(value)}`);
  const [destination, hop, type] = [probe.text(route, "Destination"), probe.text(route, "NextHop"), route.get("RouteType") ?? 0];
  probe.expect(isCidr(destination), "a route's Destination to be a network with its length", `it is ${JSON.stringify(destination)}`);
  probe.expect(type === 0 || type === 1, "RouteType 0 (next hop) or 1 (connected)", `it is ${JSON.stringify(type)}`);
  const right = type === 1 ? hop === "" || isIP(hop) !== 0 : isIP(hop) === (isIPv4(destination.split("/")[0] ?? "") ? 4 : 6);
  probe.expect(right, "NextHop to be an address of the Destination's kind", `it is ${JSON.stringify(hop)}`);
}

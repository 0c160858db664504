import type { Check } from "../../check.ts";
import { createdEndpoint, createdNetwork, joined, networkBody, newEndpoint, newNetwork } from "./networks.ts";

const scopes: readonly string[] = ["local", "global"];

export const networkChecks: readonly Check[] = [
  {
    id: "network.capabilities",
    level: "MUST",
    title: "GetCapabilities has the Scope local or global; ConnectivityScope, if there is one, as well.",
    because: "Asked before anything else, without a body; any other Scope is an error and the driver can't be used (all versions).",
    mend: 'Answer {"Scope":"local"}.',
    run: async (probe) => {
      const answer = await probe.succeed("NetworkDriver.GetCapabilities");
      const scope = probe.text(answer, "Scope");
      probe.expect(scopes.includes(scope), "Scope to be local or global", `it is ${JSON.stringify(scope)}`);
      const reach = probe.text(answer, "ConnectivityScope");
      probe.expect(reach === "" || scopes.includes(reach), "ConnectivityScope to be local or global", `it is ${JSON.stringify(reach)}`);
    },
  },
  {
    id: "network.create",
    level: "MUST",
    title: "CreateNetwork with IPv6Data [] succeeds, and so does DeleteNetwork.",
    because: "This is what `docker network create` and `rm` send (recorded from 20.10).",
    mend: "A driver with required options is tested with --network-opt NAME=VALUE (such as parent=eth0).",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      await probe.succeed("NetworkDriver.DeleteNetwork", { NetworkID: network.id });
    },
  },
  {
    id: "network.lifecycle",
    level: "MUST",
    title: "CreateNetwork, CreateEndpoint, Join, EndpointOperInfo twice, Leave, DeleteEndpoint, DeleteNetwork succeed in this order.",
    because: "This is the life of a container in a network (measured on 20.10).",
    mend: "See what was sent last.",
    needs: "network.create",
    run: async (probe) => {
      const plain = newNetwork(probe);
      const network = await createdNetwork(probe, { ...plain, auxiliary: `${plain.subnet}.9` });
      const ids = newEndpoint(probe, network);
      await createdEndpoint(probe, ids, `${network.subnet}.3/24`);
      await joined(probe, ids);
      for (const _ of [1, 2]) probe.object(await probe.succeed("NetworkDriver.EndpointOperInfo", ids), "Value");
      await probe.succeed("NetworkDriver.Leave", ids);
      await probe.succeed("NetworkDriver.DeleteEndpoint", ids);
      await probe.succeed("NetworkDriver.DeleteNetwork", { NetworkID: network.id });
    },
  },
  {
    id: "network.create-again",
    level: "MUST",
    title: "A network that is deleted can be created again with the same pool.",
    because: "`docker compose down` and `up` do so, with the same subnet and another id.",
    mend: "Free everything of a network in DeleteNetwork.",
    needs: "network.create",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      await probe.succeed("NetworkDriver.DeleteNetwork", { NetworkID: network.id });
      const again = { ...network, id: probe.id() };
      probe.tidy("NetworkDriver.DeleteNetwork", { NetworkID: again.id });
      await probe.succeed("NetworkDriver.CreateNetwork", networkBody(probe, again));
    },
  },
  {
    id: "network.unknown-ids",
    level: "MUST",
    title: "Leave, DeleteEndpoint, EndpointOperInfo and DeleteNetwork with ids that the driver does not know are answered.",
    because: "After a crash of either side the engine takes down what stands in its own records (all versions).",
    mend: "Answer {} or Err; don't fail on a missing entry.",
    run: async (probe) => {
      const ids = newEndpoint(probe, newNetwork(probe));
      for (const method of ["Leave", "DeleteEndpoint", "EndpointOperInfo"]) await probe.ask(`NetworkDriver.${method}`, ids);
      await probe.ask("NetworkDriver.DeleteNetwork", { NetworkID: ids.NetworkID });
      await probe.succeed("NetworkDriver.GetCapabilities");
    },
  },
  {
    id: "network.unknown-network",
    level: "SHOULD",
    title: "CreateEndpoint in a network that the driver does not know is an error.",
    because:
      "A success lets the engine start a container that is connected to nothing, unless the driver needs to know no networks (all versions).",
    mend: 'Answer {"Err":"no such network"}.',
    run: async (probe) => {
      const network = newNetwork(probe);
      const ids = newEndpoint(probe, network);
      probe.tidy("NetworkDriver.DeleteEndpoint", ids);
      const body = { ...ids, Interface: { Address: `${network.subnet}.3/24`, AddressIPv6: "", MacAddress: "" }, Options: null };
      await probe.refuse("NetworkDriver.CreateEndpoint", body, "the network does not exist");
    },
  },
  {
    id: "network.external-connectivity",
    level: "MUST",
    title: "ProgramExternalConnectivity and RevokeExternalConnectivity succeed, or are answered with 404.",
    because: "Sent to the endpoint that is the container's gateway; 404 alone is taken for a driver without them (all versions).",
    mend: "Answer {} or 404.",
    needs: "network.lifecycle",
    run: async (probe) => {
      const network = await createdNetwork(probe);
      const ids = newEndpoint(probe, network);
      await createdEndpoint(probe, ids, `${network.subnet}.3/24`);
      await joined(probe, ids);
      const calls = [
        ["NetworkDriver.ProgramExternalConnectivity", { ...ids, Options: { "com.docker.network.portmap": [] } }],
        ["NetworkDriver.RevokeExternalConnectivity", ids],
      ] as const;
      for (const [method, args] of calls) {
        const exchange = await probe.ask(method, args);
        const { error } = probe.verdict(exchange);
        const taken = error === undefined || exchange.answer?.head.status === 404;
        probe.expect(taken, "success or 404", `the engine reads the error ${JSON.stringify(error)}`, exchange);
      }
    },
  },
  {
    id: "network.gateway-check",
    level: "MUST",
    title: "A driver that declares GwAllocChecker answers GwAllocCheck with booleans.",
    because: "Engines from 28.0 on ask it before a gateway's address is taken.",
    mend: 'Answer {"SkipIPv4":false,"SkipIPv6":false}, or leave GwAllocChecker away.',
    run: async (probe) => {
      const declared = (await probe.succeed("NetworkDriver.GetCapabilities")).get("GwAllocChecker");
      if (declared !== true) probe.skip("the driver does not declare GwAllocChecker");
      const answer = await probe.succeed("NetworkDriver.GwAllocCheck", { Options: networkBody(probe, newNetwork(probe))["Options"] });
      for (const key of ["SkipIPv4", "SkipIPv6"]) {
        const value = answer.get(key);
        probe.expect(value === undefined || typeof value === "boolean", `${key} to be a boolean`, `it is ${JSON.stringify(value)}`);
      }
    },
  },
  {
    id: "network.allocate",
    level: "MUST",
    title: "A driver of global scope answers AllocateNetwork and FreeNetwork; Options of the answer are strings.",
    because: "A swarm manager allocates before any node creates the network (all versions).",
    mend: 'Answer {"Options":{}} and {}.',
    run: async (probe) => {
      const scope = probe.text(await probe.succeed("NetworkDriver.GetCapabilities"), "Scope");
      if (scope !== "global") probe.skip(`swarm asks drivers of global scope; this one's is ${scope}`);
      const network = newNetwork(probe);
      probe.tidy("NetworkDriver.FreeNetwork", { NetworkID: network.id });
      const { IPv4Data, IPv6Data } = networkBody(probe, network);
      // Here the options of `docker network create -o` come bare, not under com.docker.network.generic.
      const Options = probe.session.networkOptions;
      const answer = await probe.succeed("NetworkDriver.AllocateNetwork", { NetworkID: network.id, Options, IPv4Data, IPv6Data });
      const options = probe.object(answer, "Options");
      for (const key of options?.keys ?? []) if (options !== undefined) probe.text(options, key);
      await probe.succeed("NetworkDriver.FreeNetwork", { NetworkID: network.id });
    },
  },
  {
    id: "network.discover",
    level: "SHOULD",
    title: "DiscoverNew and DiscoverDelete of a node succeed.",
    because: "In a swarm every node is told to every driver; an error is only logged (all versions).",
    mend: "Answer {}.",
    run: async (probe) => {
      const args = { DiscoveryType: 1, DiscoveryData: { Address: "198.18.0.9", BindAddress: "198.18.0.9", Self: false } };
      await probe.succeed("NetworkDriver.DiscoverNew", args);
      await probe.succeed("NetworkDriver.DiscoverDelete", args);
    },
  },
  {
    id: "network.retry-empty-body",
    level: "MUST",
    title: "CreateNetwork, CreateEndpoint and Join without a body are errors.",
    because: "When a kept connection breaks, the engine sends the request again with Content-Length: 0 (20.10 to 29).",
    mend: "Refuse a call that lacks its arguments.",
    run: async (probe) => {
      probe.tidy("NetworkDriver.DeleteNetwork", { NetworkID: "" });
      for (const method of ["CreateNetwork", "CreateEndpoint", "Join"]) {
        const exchange = await probe.ask(`NetworkDriver.${method}`);
        probe.expect(probe.verdict(exchange).error !== undefined, `${method} to answer an error`, "the engine reads a success", exchange);
      }
    },
  },
];

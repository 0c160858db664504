import type { Check } from "../check.ts";
import type { Probe } from "../probe.ts";
import type { Exchange } from "../wire/wire.ts";
import { harmlessCall } from "./harmless.ts";

const manyConnections = 40;
const largeName = 200 * 1024;
const quick = 2_000;

export const httpChecks: readonly Check[] = [
  {
    id: "http.host-empty",
    level: "MUST",
    title: "A request whose Host header is empty is answered.",
    because: "Engines up to 20.10 send `Host:` with nothing behind it over unix sockets.",
    mend: "Don't build a URL from the Host header; read the path alone.",
    run: (probe) => answered(probe, { host: "" }),
  },
  {
    id: "http.host-named",
    level: "MUST",
    title: "A request for the host plugin.moby.localhost is answered.",
    because: "Newer engines send `Host: plugin.moby.localhost`.",
    mend: "Serve every host name.",
    run: (probe) => answered(probe, { host: "plugin.moby.localhost" }),
  },
  {
    id: "http.reuse",
    level: "MUST",
    title: "A connection that stays open after an answer takes the next request.",
    because:
      "The engine's client keeps connections. When a kept one breaks, the request is sent again with an EMPTY body (all versions), and the call is lost.",
    mend: "Keep the connection, or say `Connection: close` in the answer.",
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session);
      const connection = await probe.wire.open();
      probe.after(async () => connection.close());
      for (let turn = 0; turn < 3; turn += 1) {
        await connection.send(probe.wire.request(method, args));
        const head = await connection.head().catch((error: Error) => probe.fail(`an answer to request ${turn + 1}`, error.message));
        if (head === undefined) return;
        for await (const _ of connection.body(head));
        if (!head.reusable) return;
      }
    },
  },
  {
    id: "http.pieces",
    level: "MUST",
    title: "A request that comes in many pieces is read whole.",
    because: "The engine writes head and body as the socket takes them; a read gives a part of it.",
    mend: "Read Content-Length bytes before the body is parsed.",
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session);
      const shown = ({ answer }: Exchange): string => `${answer?.head.status} ${answer?.text}`;
      const [first, second] = [shown(await probe.ask(method, args)), shown(await probe.ask(method, args))];
      // More than once, for a driver that is slow for a moment finds all pieces there.
      for (let tries = 0; tries < 3; tries += 1) {
        const pieces = await probe.ask(method, args, { pieces: 40 });
        // Where answers differ by themselves (a time, an id) the status is what can be compared.
        const [expected, found] = first === second ? [first, shown(pieces)] : [first.slice(0, 3), shown(pieces).slice(0, 3)];
        probe.expect(found === expected, `the answer to the same request in one piece: ${expected}`, `it is ${found}`, pieces);
      }
    },
  },
  {
    id: "http.large-body",
    level: "MUST",
    title: `A request of ${largeName / 1024} KiB gets an answer, and the next one as well.`,
    because: "Options, labels and environments are passed as they are; the engine sets no limit of its own.",
    mend: "Take bodies of at least 1 MiB, or refuse them with a status and words.",
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session, largeName);
      await probe.ask(method, args, { fresh: true });
      await answered(probe);
    },
  },
  {
    id: "http.hang-up",
    level: "MUST",
    title: "A client that goes away within a request's body, or before the answer, harms nothing.",
    because: "An engine that is ended, or whose limit has passed, leaves its requests unfinished.",
    mend: "End the handling of that request alone; an error on one connection must not end the driver.",
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session);
      const request = probe.wire.request(method, args);
      for (const length of [request.length - 3, request.length]) {
        const connection = await probe.wire.open();
        await connection.send(request.slice(0, length));
        connection.close();
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      await answered(probe);
    },
  },
  {
    id: "http.malformed-json",
    level: "MUST",
    title: "A body that is no JSON gets an error, and the driver lives on.",
    because: "What can't be read must not count as done: the engine takes 200 without Err for success.",
    mend: "Answer 400 with the reason.",
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session);
      if (args === undefined) probe.skip("no call of this driver has a body");
      await probe.refuse(method, args, "its body is not JSON", { text: '{"Name":' });
      await answered(probe);
    },
  },
  {
    id: "http.unknown-method",
    level: "MUST",
    title: "A method that the driver does not have is no success.",
    because: "Engines get new calls (GwAllocCheck in 28.0). A 200 says that the driver has done what it does not know.",
    mend: "Answer 404 to every path that is not served.",
    run: async (probe) => {
      const exchange = await probe.ask(unknownMethod(probe), {});
      probe.expect(exchange.answer?.head.status !== 200, "any status but 200", "the status is 200", exchange);
    },
  },
  {
    id: "http.unknown-method-404",
    level: "SHOULD",
    title: "A method that the driver does not have is answered with 404.",
    because:
      "404 is how engines tell a driver that lacks an optional call (ProgramExternalConnectivity, RevokeExternalConnectivity) from one that failed.",
    mend: "Answer 404 to every path that is not served.",
    run: async (probe) => {
      const exchange = await probe.ask(unknownMethod(probe), {});
      const status = exchange.answer?.head.status;
      probe.expect(status === 404, "status 404", `the status is ${status}`, exchange);
    },
  },
  {
    id: "http.many-connections",
    level: "MUST",
    title: `${manyConnections} requests at once, each over a connection of its own, are all answered.`,
    because: "The engine asks for every container in parallel and keeps no more than two idle connections.",
    mend: "Don't handle one connection after the other; raise the listener's backlog.",
    run: async (probe) => {
      await Promise.all(Array.from({ length: manyConnections }, () => answered(probe, { fresh: true })));
    },
  },
  {
    id: "http.quick",
    level: "SHOULD",
    title: `A question about what does not exist is answered within ${quick / 1000} s.`,
    because: "`docker volume ls`, every `docker run` and every start of the engine ask each driver, and wait for it.",
    mend: "Answer questions from what the driver knows, without asking a remote system.",
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session);
      const exchange = await probe.ask(method, args);
      probe.expect(exchange.milliseconds <= quick, `an answer within ${quick} ms`, `it took ${exchange.milliseconds} ms`, exchange);
    },
  },
  {
    id: "http.error-told",
    level: "SHOULD",
    title: "An error is told in words: Err (IPAM: Error) of a JSON answer, or the body.",
    because: 'The engine shows its users these words; without them there is only "status 500" or "EOF".',
    mend: 'Answer {"Err":"volume x does not exist"}.',
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session);
      const exchange = await probe.ask(method, args);
      const { error, told } = probe.verdict(exchange);
      const page = /^\s*<(!doctype|html)/i.test(exchange.answer?.text ?? "");
      probe.expect(
        error === undefined || (told && !page),
        "words",
        page ? "it is a page of HTML" : `the engine reads ${JSON.stringify(error)}`,
        exchange,
      );
    },
  },
  {
    id: "http.content-type",
    level: "SHOULD",
    title: "Answers say Content-Type: application/vnd.docker.plugins.v1.x+json.",
    because: "The engine does not look at it; proxies and other clients of the protocol do.",
    mend: "Send Content-Type: application/vnd.docker.plugins.v1.2+json.",
    run: async (probe) => {
      const { method, args } = harmlessCall(probe.session);
      const exchange = await probe.ask(method, args);
      const type = exchange.answer?.head.headers.get("content-type") ?? "";
      const expected = "application/vnd.docker.plugins.v1, v1.1 or v1.2, and +json";
      probe.expect(
        /^application\/vnd\.docker\.plugins\.v1(\.\d+)?\+json(;|$)/.test(type),
        expected,
        `it is ${type === "" ? "not there" : type}`,
        exchange,
      );
    },
  },
];

function unknownMethod(probe: Probe): string {
  const service = harmlessCall(probe.session).method.split(".")[0];
  return `${service}.${probe.session.prefix.replaceAll("-", "")}`;
}

/** The harmless call gets an answer in JSON: a success or an error in words. */
async function answered(probe: Probe, options: Parameters<Probe["ask"]>[2] = {}): Promise<void> {
  const { method, args } = harmlessCall(probe.session);
  const exchange = await probe.ask(method, args, options);
  const { error, told } = probe.verdict(exchange);
  probe.expect(error === undefined || told, "a JSON answer or an error in words", `the engine reads ${JSON.stringify(error)}`, exchange);
}

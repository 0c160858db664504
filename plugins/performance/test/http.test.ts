import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Connections, createConnections } from "../agent/connections.ts";
import { createFigures, type Figures } from "../agent/figures.ts";
import { anyDialogue, cut, type Dialogue, server, spoken, travel } from "./script.ts";

const start = 1_700_000_000_000_000;

interface Watched {
  readonly connections: Connections;
  readonly figures: Figures;
}

function watched(protocol = "http", limits: { readonly mostConnections?: number; readonly mostHeld?: number } = {}): Watched {
  const figures = createFigures();
  const connections = createConnections({ isOwn: (address) => address === server.address, ...limits });
  connections.watch([{ port: server.port, protocol, sampling: 100, slowMs: 500, figures }]);
  return { connections, figures };
}

/** Counts by route and ending. */
function counted({ figures }: Watched): object {
  return {
    routes: figures
      .routes()
      .map(({ route, requests, errors }) => ({ route, requests, errors }))
      .sort((a, b) => (a.route < b.route ? -1 : 1)),
    endings: Object.fromEntries([...figures.endings].sort()),
    answered: figures.total.latencies.total,
  };
}

function expected(dialogues: readonly Dialogue[]): object {
  const routes = [...Map.groupBy(dialogues, ({ route }) => route)].map(([route, list]) => ({
    route,
    requests: list.length,
    errors: list.filter(({ status }) => status >= 500).length,
  }));
  const endings = [...Map.groupBy(dialogues, ({ status }) => `${Math.floor(status / 100)}xx`)].map(
    ([ending, list]) => [ending, list.length] as const,
  );
  return {
    routes: routes.sort((a, b) => (a.route < b.route ? -1 : 1)),
    endings: Object.fromEntries(endings.sort()),
    answered: dialogues.length,
  };
}

const sizes = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 8 });
const numbers = fc.uniqueArray(fc.nat(60), { maxLength: 20 }).map((list) => new Set(list));

test("any split of a connection into packets, some of them twice or out of order, gives the same counts", () => {
  fc.assert(
    fc.property(fc.array(anyDialogue, { maxLength: 6 }), sizes, numbers, numbers, (dialogues, pieces, twice, swapped) => {
      const seen = watched();
      travel(seen.connections, cut(spoken(dialogues), pieces), { start, twice, swapped });
      assert.deepEqual(counted(seen), expected(dialogues));
      assert.equal(seen.connections.open(), 0);
      assert.equal(seen.connections.held(), 0);
    }),
    { numRuns: 1500 },
  );
});

test("pipelined requests are counted each with its own answer", () => {
  fc.assert(
    fc.property(fc.array(anyDialogue, { maxLength: 6 }), sizes, (dialogues, pieces) => {
      const seen = watched();
      const speeches = spoken(dialogues);
      const pipelined = [...speeches.filter(({ side }) => side === "client"), ...speeches.filter(({ side }) => side === "server")];
      travel(seen.connections, cut(pipelined, pieces), { start });
      assert.deepEqual(counted(seen), expected(dialogues));
    }),
    { numRuns: 500 },
  );
});

test("bodies that are only half captured change nothing, where their length is known", () => {
  const dialogues = [1, 2, 3].map(
    (number): Dialogue => ({
      route: `POST /${"abc"[number - 1]}`,
      status: 200,
      request: `POST /${"abc"[number - 1]} HTTP/1.1\r\ncontent-length: 9000\r\n\r\n${"GET /no HTTP/1.1\r\n\r\n".repeat(450)}`,
      answer: `HTTP/1.1 200 OK\r\ncontent-length: 30000\r\n\r\n${"HTTP/1.1 500 No\r\n".repeat(1765).slice(0, 30_000)}`,
    }),
  );
  const whole = dialogues.map((dialogue) => ({
    ...dialogue,
    answer: dialogue.answer.padEnd(dialogue.answer.indexOf("\r\n\r\n") + 4 + 30_000, "x"),
  }));
  const seen = watched();
  travel(seen.connections, cut(spoken(whole), [65_000]), { start, snap: 200 });
  assert.deepEqual(counted(seen), expected(whole));
});

test("what was lost is lost, but what follows is counted: each missing packet costs few requests", () => {
  fc.assert(
    fc.property(fc.array(anyDialogue, { minLength: 20, maxLength: 20 }), fc.integer({ min: 0, max: 39 }), (dialogues, number) => {
      const seen = watched();
      travel(seen.connections, spoken(dialogues), { start, missed: new Set([number]) });
      const count = [...seen.figures.endings.values()].reduce((sum, each) => sum + each, 0);
      assert.ok(count >= 18 && count <= 20, `${count} of 20`);
      assert.equal(seen.figures.endings.get("none"), undefined);
      assert.equal(seen.connections.held(), 0);
    }),
    { numRuns: 300 },
  );
});

test("a connection that was open before the capture is joined at its next request", () => {
  const dialogues = ["a", "b", "c"].map(
    (name): Dialogue => ({
      route: `GET /${name}`,
      status: 200,
      request: `GET /${name} HTTP/1.1\r\n\r\n`,
      answer: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    }),
  );
  const seen = watched();
  travel(seen.connections, [{ side: "server", text: "the end of an answer" }, ...spoken(dialogues)], { start, opened: false });
  assert.deepEqual(counted(seen), expected(dialogues));
});

test("an answer that never comes is an error, a caller who hangs up is none", () => {
  const [closed, left] = [watched(), watched()];
  travel(closed.connections, [{ side: "client", text: "GET /a HTTP/1.1\r\n\r\n" }], { start });
  assert.deepEqual(Object.fromEntries(closed.figures.endings), { none: 1 });
  assert.equal(closed.figures.total.errors, 1);
  const reset = {
    source: "10.0.0.9",
    destination: server.address,
    sourcePort: 1,
    destinationPort: server.port,
    acknowledgement: 0,
    syn: false,
    ack: false,
    fin: false,
  };
  left.connections.take({ ...reset, sequence: 0, syn: true, rst: false, length: 0, payload: Buffer.alloc(0) }, start);
  const request = Buffer.from("GET /a HTTP/1.1\r\n\r\n");
  left.connections.take({ ...reset, sequence: 1, rst: false, length: request.length, payload: request }, start + 1);
  left.connections.take({ ...reset, sequence: 1 + request.length, rst: true, length: 0, payload: Buffer.alloc(0) }, start + 2);
  assert.deepEqual(Object.fromEntries(left.figures.endings), { aborted: 1 });
  assert.equal(left.figures.total.errors, 0);
});

test("what is not HTTP/1 on an http port is counted by turns", () => {
  const seen = watched();
  const packets = [
    { side: "client", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
    { side: "server", text: "\0\0\0\x04\0" },
    { side: "client", text: "\0\0\0\x04\x01" },
    { side: "client", text: "more" },
    { side: "server", text: "answer" },
  ] as const;
  travel(seen.connections, packets, { start });
  assert.deepEqual(Object.fromEntries(seen.figures.endings), { ok: 2 });
  assert.deepEqual(seen.figures.routes(), []);
});

test("garbage, endless heads and ever new names stay within bounds", () => {
  const seen = watched("http", { mostConnections: 200, mostHeld: 256 * 1024 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ side: fc.constantFrom("client" as const, "server" as const), text: fc.string({ maxLength: 500 }) })),
      numbers,
      (speeches, missed) => {
        travel(seen.connections, cut(speeches, [50, 7]), { start, missed });
      },
    ),
    { numRuns: 500 },
  );
  const memory = process.memoryUsage().heapUsed;
  for (let number = 0; number < 20_000; number += 1) {
    const port = 1024 + number;
    const request = Buffer.from(
      number % 2 === 0
        ? `GET /${number.toString(36)}z HTTP/1.1\r\nx-a: ${"y".repeat(900)}`
        : `GET /u${number.toString(36)} HTTP/1.1\r\n\r\n`,
    );
    const segment = {
      source: "10.0.0.9",
      destination: server.address,
      sourcePort: port,
      destinationPort: server.port,
      acknowledgement: 1,
      ack: true,
      fin: false,
      rst: false,
    };
    seen.connections.take({ ...segment, sequence: 0, syn: true, ack: false, length: 0, payload: Buffer.alloc(0) }, start);
    // A gap before it, so that it has to wait, every third time.
    seen.connections.take(
      { ...segment, sequence: number % 3 === 0 ? 100 : 1, syn: false, length: request.length, payload: request },
      start,
    );
    const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    const back = {
      source: server.address,
      destination: "10.0.0.9",
      sourcePort: server.port,
      destinationPort: port,
      fin: false,
      rst: false,
      ack: true,
    };
    seen.connections.take({ ...back, sequence: 0, acknowledgement: 1, syn: true, length: 0, payload: Buffer.alloc(0) }, start);
    seen.connections.take({ ...back, sequence: 1, acknowledgement: 1, syn: false, length: answer.length, payload: answer }, start);
  }
  assert.ok(seen.connections.open() <= 200);
  assert.ok(seen.connections.held() <= 256 * 1024);
  assert.ok(seen.figures.routes().length <= 200);
  assert.ok(process.memoryUsage().heapUsed - memory < 64 * 1024 * 1024);
  seen.connections.sweep(start + 400_000_000);
  assert.equal(seen.connections.open(), 0);
  assert.equal(seen.connections.held(), 0);
});

test("one endless head, a byte at a time, is given up and held no more", () => {
  const seen = watched();
  const packets = cut([{ side: "client", text: `GET /a HTTP/1.1\r\nx: ${"y".repeat(40_000)}` }], [7]);
  travel(seen.connections, packets, { start });
  assert.equal(seen.connections.held(), 0);
  assert.deepEqual(
    seen.figures.routes().map(({ route }) => route),
    ["GET /a"],
  );
});

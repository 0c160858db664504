import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import { after, before, beforeEach, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Protocol } from "@outrigger/plugin";
import { serviceEntry, type Values } from "../../traffic-gateway/test/documents.ts";
import { type Ending, type Gateway, startGateway, until } from "../../traffic-gateway/test/gateway.ts";
import {
  type Backend,
  call,
  greeting,
  httpBackend,
  shares,
  statuses,
  tcpBackend,
  textBackend,
} from "../../traffic-gateway/test/traffic.ts";

suite("egress-gateway", { timeout: 120_000 }, () => {
  const endings: (() => Promise<void> | void)[] = [];
  const context: Ending = { after: (work) => endings.push(work) };
  let gateway: Gateway;
  let replicas: readonly Backend[];
  let canary: Backend;
  /** What the replica `flaky` answers with. */
  let mood: number | "cut" = 200;
  let asked = 0;
  let flaky: Backend;

  after(async () => {
    for (const work of endings.reverse()) await work();
  });

  before(async () => {
    gateway = await startGateway(context, "egress-gateway");
    replicas = await Promise.all(["a", "b", "c"].map((text) => textBackend(context, text)));
    canary = await textBackend(context, "canary");
    flaky = await httpBackend(context, async ({ url }, response) => {
      asked += 1;
      if (url === "/slow") await sleep(1500);
      if (mood === "cut") response.socket?.destroy();
      else response.writeHead(mood).end("flaky");
    });
  });

  beforeEach(() => {
    mood = 200;
    asked = 0;
  });

  const portsOf = (...backends: readonly Backend[]): readonly number[] => backends.map(({ port }) => port);
  const first = (): Backend => replicas[0] ?? flaky;
  const apply = (values: Values, ports: readonly number[], protocol: Protocol = "http", others: readonly number[] = []): Promise<void> =>
    gateway.apply({
      services: [
        serviceEntry(gateway.spec, gateway.listen, ports, values, protocol),
        ...others.map((port) => serviceEntry(gateway.spec, gateway.metricsPort + 1, [port], {}, protocol, "api-canary")),
      ],
    });

  /** Asserts that a text's share of 1000 calls is within 5 points of what was asked for. */
  async function near(expected: Readonly<Record<string, number>>, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const counts = await shares(gateway.listen, 1000, { headers });
    for (const [text, share] of Object.entries(expected)) {
      assert.ok(Math.abs((counts.get(text) ?? 0) - share * 10) <= 50, `${text}: wanted ${share} %, got ${JSON.stringify([...counts])}`);
    }
  }

  test("without settings it balances over the replicas that are ready", async () => {
    await apply({}, portsOf(...replicas));
    await near({ a: 33, b: 33, c: 33 });
    const service = serviceEntry(gateway.spec, gateway.listen, portsOf(...replicas));
    await gateway.apply({
      services: [{ ...service, endpoints: service.endpoints.map((each) => ({ ...each, ready: each.replica === 1 })) }],
    });
    assert.deepEqual(await shares(gateway.listen, 50), new Map([["b", 50]]));
    await gateway.apply({ services: [{ ...service, endpoints: [] }] });
    assert.deepEqual(await statuses(gateway.listen, 1), [503]);
  });

  test("weights by replica move calls, live; who is not named serves when the others are gone", async () => {
    await apply({ WEIGHTS: "0=80,1=20" }, portsOf(...replicas));
    await near({ a: 80, b: 20, c: 0 });
    await apply({ WEIGHTS: "0=10,1=0,2=90" }, portsOf(...replicas));
    await near({ a: 10, b: 0, c: 90 });
    await apply({ WEIGHTS: "7=100" }, portsOf(...replicas));
    await near({ a: 33, b: 33, c: 33 });
  });

  test("weights by component, a canary's share and routes by header", async () => {
    await apply({ WEIGHTS: "api=70,api-canary=30" }, portsOf(first()), "http", portsOf(canary));
    await near({ a: 70, canary: 30 });
    await apply({ CANARY: "api-canary", CANARY_SHARE: 15 }, portsOf(first()), "http", portsOf(canary));
    await near({ a: 85, canary: 15 });
    await apply(
      { ROUTES: "x-user-group=beta -> api-canary; x-user-group=eu/west -> api-canary" },
      portsOf(first()),
      "http",
      portsOf(canary),
    );
    assert.deepEqual(await shares(gateway.listen, 20, { headers: { "x-user-group": "beta" } }), new Map([["canary", 20]]));
    assert.deepEqual(await shares(gateway.listen, 20, { headers: { "x-user-group": "eu/west" } }), new Map([["canary", 20]]));
    assert.deepEqual(await shares(gateway.listen, 20, { headers: { "x-user-group": "beta2" } }), new Map([["a", 20]]));
    await assert.rejects(
      apply({ CANARY: "api-canry" }, portsOf(first()), "http", portsOf(canary)),
      /unable to find required use_backend: 'api-canry:80'/,
    );
  });

  test("a canary that is down gets nothing", async () => {
    const dead = await textBackend(context, "dead");
    dead.kill();
    await apply({ CANARY: "api-canary", CANARY_SHARE: 100 }, portsOf(first()), "http", portsOf(dead));
    await until("the check of the dead canary", async () => (await call(gateway.listen)).status === 200);
    assert.deepEqual(await shares(gateway.listen, 20), new Map([["a", 20]]));
  });

  test("a killed replica is routed around without a failed call, and used again when it is back", async () => {
    const victim = await textBackend(context, "victim");
    await apply({}, [...portsOf(first()), victim.port]);
    let stopped = false;
    const load = (async () => {
      const found: number[] = [];
      while (!stopped) found.push(...(await statuses(gateway.listen, 1)));
      return found;
    })();
    await sleep(200);
    victim.kill();
    await sleep(500);
    stopped = true;
    assert.deepEqual([...new Set(await load)], [200]);
    await until("the check of the dead replica", async () => /"a-api-1",state="DOWN"\} 1/.test(await metrics()));
    await victim.revive();
    await until("the return", async () => (await shares(gateway.listen, 10)).has("victim"));
  });

  async function metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${gateway.metricsPort}/metrics`)).text();
  }

  test("retries hide a replica that fails, but not for what may have been done", async () => {
    mood = "cut";
    await apply({}, [...portsOf(first()), flaky.port]);
    assert.deepEqual([...new Set(await statuses(gateway.listen, 10))], [200]);
    assert.deepEqual((await statuses(gateway.listen, 4, { method: "POST" })).toSorted(), [200, 200, 502, 502]);
    await apply({ RETRY_UNSAFE: true }, [...portsOf(first()), flaky.port]);
    assert.deepEqual([...new Set(await statuses(gateway.listen, 4, { method: "POST" }))], [200]);
    mood = 503;
    await apply({}, [...portsOf(first()), flaky.port]);
    assert.deepEqual((await statuses(gateway.listen, 4)).toSorted(), [200, 200, 503, 503]);
    await apply({ RETRY_ON: ["503"] }, [...portsOf(first()), flaky.port]);
    assert.deepEqual([...new Set(await statuses(gateway.listen, 4))], [200]);
    asked = 0;
    await apply({ RETRY_ON: ["503"], RETRIES: 2 }, [flaky.port]);
    assert.deepEqual(await statuses(gateway.listen, 1), [503]);
    assert.equal(asked, 3);
  });

  test("a replica that is slow gets 504, and no more calls than allowed", async () => {
    await apply({ TIMEOUT: 1, MAX_CONNECTIONS: 1 }, [flaky.port]);
    assert.deepEqual(await statuses(gateway.listen, 1, { path: "/slow" }), [504]);
    const before = asked;
    const two = Promise.all([statuses(gateway.listen, 1, { path: "/slow" }), statuses(gateway.listen, 1, { path: "/slow" })]);
    await sleep(500);
    assert.equal(asked, before + 1);
    await two;
  });

  test("a replica is left out after errors in a row, for a while", async () => {
    mood = 500;
    const values = { CONSECUTIVE_ERRORS: 3, EJECTION_SECONDS: 2 };
    await apply(values, [...portsOf(first()), flaky.port]);
    const found = await statuses(gateway.listen, 30);
    assert.equal(found.filter((status) => status === 500).length, 3);
    mood = 200;
    assert.deepEqual(await shares(gateway.listen, 20), new Map([["a", 20]]));
    await until("its return", async () => (await shares(gateway.listen, 10)).has("flaky"));
  });

  test("no more replicas are left out than allowed", async () => {
    mood = 500;
    await apply({ CONSECUTIVE_ERRORS: 3 }, [flaky.port]);
    assert.deepEqual([...new Set(await statuses(gateway.listen, 10))], [500]);
    await apply({ CONSECUTIVE_ERRORS: 3, MAX_EJECTED: 100 }, [flaky.port]);
    assert.deepEqual((await statuses(gateway.listen, 5)).toSorted(), [500, 500, 500, 503, 503]);
  });

  test("a replica whose path answers with an error is taken out", async () => {
    mood = 503;
    await apply({ CHECK_PATH: "/health?deep=1" }, [...portsOf(first()), flaky.port]);
    await until("the check", async () => /"a-api-1",state="DOWN"\} 1/.test(await metrics()));
    assert.deepEqual(await shares(gateway.listen, 20), new Map([["a", 20]]));
  });

  test("tcp is balanced by connection, MySQL without checks that would shut it out", async () => {
    const greeters = await Promise.all([tcpBackend(context, "one"), tcpBackend(context, "two")]);
    for (const protocol of ["tcp", "mysql"] as const) {
      await apply(
        { WEIGHTS: "0=50,1=50" },
        greeters.map(({ port }) => port),
        protocol,
      );
      const greetings = [await greeting(gateway.listen), await greeting(gateway.listen)];
      assert.deepEqual(greetings.toSorted(), ["one", "two"]);
    }
  });

  test("gRPC's calls on one connection are balanced", async () => {
    const ports: number[] = [];
    for (const text of ["x", "y"]) {
      const server = createHttp2();
      context.after(() => void server.close());
      server.on("stream", (stream: ServerHttp2Stream) => {
        stream.respond({ ":status": 200, "x-replica": text }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end();
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      ports.push(typeof address === "object" && address !== null ? address.port : 0);
    }
    await apply({}, ports, "grpc");
    const session = connectHttp2(`http://127.0.0.1:${gateway.listen}`);
    const found: unknown[] = [];
    for (let number = 0; number < 4; number += 1) {
      const stream = session.request({ ":method": "POST", ":path": "/shop.Api/Get", te: "trailers" });
      const [headers] = await once(stream.end(), "response");
      const [trailers] = await once(stream.resume(), "trailers");
      assert.equal(trailers["grpc-status"], "0");
      found.push(headers["x-replica"]);
    }
    assert.deepEqual(found.toSorted(), ["x", "x", "y", "y"]);
    session.destroy();
  });
});

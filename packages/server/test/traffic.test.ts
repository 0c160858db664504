import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { PodStatus } from "@outrigger/runtime";
import fc from "fast-check";
import { createFigures } from "../../../plugins/performance/agent/figures.ts";
import { type PortReport, reportPort } from "../../../plugins/performance/agent/report.ts";
import type { TrafficResource } from "../src/api/traffic-resources.ts";
import { agentReportField } from "../src/traffic/agent-report.ts";
import { mergePorts } from "../src/traffic/merge-ports.ts";
import { fakeEngine } from "./support/fake-engine.ts";
import { builtPlugin, manifest } from "./support/samples.ts";
import { type TestServer, testServer } from "./support/server.ts";

const settings = { port: 8080, protocol: "http", enabled: true, sampling: 100, slowMs: 1000 };
const now = 1_700_000_100;

interface Request {
  readonly route: string;
  /** Microseconds. */
  readonly duration: number;
  readonly failed: boolean;
}

/** What the plug-in's agent says of these requests. */
function agentPort(requests: readonly Request[]): PortReport {
  const figures = createFigures();
  const end = (now - 5) * 1_000_000;
  for (const { route, duration, failed } of requests) {
    figures.exchange(
      { start: end - duration, first: end, end, outcome: "answered", failed, status: failed ? 500 : 200, route },
      1,
      "10.0.0.9",
      settings.slowMs,
    );
    figures.bytes("out", 100, end, 1);
  }
  return reportPort({ settings, figures, open: 1 }, now, 60, 60);
}

const report = (port: PortReport): object => ({
  at: "2026-01-01T00:00:00Z",
  window: 60,
  capture: { packets: 1, dropped: 0 },
  settings: { fetched: true },
  ports: [port],
});

test("what several pods say together is what one pod with all their requests would say", () => {
  const request = fc.record({ route: fc.constantFrom("GET /a", "GET /b"), duration: fc.nat(5_000_000), failed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.array(request, { maxLength: 30 }), { minLength: 1, maxLength: 4 }), (pods) => {
      const read = (list: readonly Request[]): (typeof parsed)[number]["ports"] => agentReportField.parse(report(agentPort(list))).ports;
      const parsed = pods.map((list) => agentReportField.parse(report(agentPort(list))));
      const [merged] = mergePorts(parsed.map(({ ports }) => ports));
      const [whole] = mergePorts([read(pods.flat())]);
      assert.ok(merged !== undefined && whole !== undefined);
      for (const key of ["requests", "errors", "errorRate", "bytesOutPerSecond"] as const)
        assert.ok(Math.abs(merged[key] - whole[key]) < 0.05, key);
      assert.deepEqual({ ...merged.endings }, { ...whole.endings });
      assert.deepEqual(byRoute(merged.routes), byRoute(whole.routes));
      // A step is given by its middle, but a pod's greatest by itself.
      for (const key of ["p50", "p90", "p99", "max"] as const) {
        assert.ok(
          Math.abs(merged.latency[key] - whole.latency[key]) <= whole.latency[key] * 0.07 + 0.02,
          `${key}: ${merged.latency[key]}, ${whole.latency[key]}`,
        );
      }
    }),
    { numRuns: 200 },
  );
});

function byRoute(routes: readonly { readonly route: string; readonly requests: number; readonly errors: number }[]): object {
  return Object.fromEntries(routes.map(({ route, requests, errors }) => [route, { requests, errors }]));
}

/** An agent at an address of loopback. */
async function agent(context: TestContext, address: string, port: number, answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(port, address);
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const key = { team: "default", application: "shop", component: "web" };
const path = "/teams/default/applications/shop/components/web/traffic";

/** A server on whose engine shop/web has pods at these addresses, with a performance plug-in that serves figures at `metrics`. */
async function watchedServer(context: TestContext, metrics: number, addresses: readonly string[]): Promise<TestServer> {
  const statuses = addresses.map((ip, replica): PodStatus => {
    const container = {
      name: "eye",
      role: "sidecar",
      plugin: "eye@1.0.0",
      image: "i",
      state: "running",
      ready: true,
      restarts: 0,
    } as const;
    return {
      key,
      replica,
      name: `shop-web${replica === 0 ? "" : `-${replica}`}`,
      state: "ready",
      ip,
      containers: [container],
      upToDate: true,
    };
  });
  const { runtime } = fakeEngine();
  const server = await testServer(context, { runtime: (options) => ({ ...runtime(options), statuses: () => statuses }) });
  await builtPlugin(server, manifest("eye", { pod: { type: "performance", metrics } }));
  const component = { name: "web", image: "example/web:1", ports: [{ port: 8080 }], replicas: 2, plugins: [{ plugin: "eye" }] };
  assert.equal((await server.send("PUT", "/teams/default/applications/shop", { body: { components: [component] } })).status, 201);
  return server;
}

test("traffic is that of all pods, each with its own; a pod that says nothing says why", async (context) => {
  const one = agentPort([{ route: "GET /a", duration: 2000, failed: false }]);
  const two = agentPort([{ route: "GET /a", duration: 9000, failed: true }]);
  const asked: (string | undefined)[] = [];
  const port = await agent(context, "127.0.0.11", 0, (request, response) => {
    asked.push(request.url);
    response.end(JSON.stringify(report(one)));
  });
  await agent(context, "127.0.0.12", port, (_, response) =>
    response.end(JSON.stringify({ ...report(two), capture: { packets: 9, dropped: 3 } })),
  );
  const server = await watchedServer(context, port, ["127.0.0.11", "127.0.0.12", "127.0.0.13"]);
  const { status, body } = await server.send<TrafficResource>("GET", `${path}?window=30&series=5`);
  assert.equal(status, 200);
  assert.deepEqual([body.plugin, body.window, asked], ["eye@1.0.0", 30, ["/traffic?window=30&series=5"]]);
  assert.deepEqual(
    body.ports.map((each) => [each.port, each.requests, each.errors, each.errorRate]),
    [[8080, 2, 1, 0.5]],
  );
  assert.deepEqual(
    body.ports[0]?.routes.map(({ route, requests }) => [route, requests]),
    [["GET /a", 2]],
  );
  assert.deepEqual(
    body.pods.map(({ name, ports }) => [name, ports[0]?.requests]),
    [
      ["shop-web", 1],
      ["shop-web-1", 1],
      ["shop-web-2", undefined],
    ],
  );
  assert.equal(body.pods[0]?.problem, undefined);
  assert.match(body.pods[1]?.problem ?? "", /^3 packets were not seen/);
  assert.match(body.pods[2]?.problem ?? "", /127\.0\.0\.13:\d+ can't be reached: .*ECONNREFUSED/);
  assert.ok(!JSON.stringify(body).includes("steps"));
});

test("an agent that is slow, endless, elsewhere or none harms nobody", { timeout: 30_000 }, async (context) => {
  const answers: readonly (readonly [RequestListener, RegExp])[] = [
    [() => {}, /does not answer within 2 s/],
    [(_, response) => response.end("<html>"), /serves something else/],
    [
      (_, response) => response.end(JSON.stringify(report({ ...agentPort([]), protocol: "\u001b[2J" }))),
      /serves something else: ports\.0\.protocol/,
    ],
    [(_, response) => response.writeHead(302, { location: "http://127.0.0.1/" }).end(), /can't be reached: .*redirect/],
    [(_, response) => response.writeHead(500).end(), /answers 500/],
    [
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(100_000)));
          response.once("drain", more);
        };
        more();
      },
      /serves more than 4194304 bytes/,
    ],
  ];
  const port = await agent(context, "127.0.0.20", 0, answers[0]?.[0] ?? (() => {}));
  for (const [index, [answer]] of answers.entries()) if (index > 0) await agent(context, `127.0.0.${20 + index}`, port, answer);
  const server = await watchedServer(
    context,
    port,
    answers.map((_, index) => `127.0.0.${20 + index}`),
  );
  const { status, body } = await server.send<TrafficResource>("GET", path);
  assert.equal(status, 200);
  assert.deepEqual(body.ports, []);
  for (const [index, [, expected]] of answers.entries()) assert.match(body.pods[index]?.problem ?? "", expected);
});

test("without a performance plug-in, or with one that is off, the answer says what to do", async (context) => {
  const server = await watchedServer(context, 1, ["127.0.0.1"]);
  await server.refused(422, "request-invalid", "GET", `${path}?window=900`);
  await server.refused(404, "component-unknown", "GET", path.replace("/web/", "/none/"));
  await server.send("PATCH", path.replace("/traffic", "/installations/eye"), { body: { enabled: false } });
  const off = await server.refused(409, "traffic-switched-off", "GET", path);
  assert.match(off.hint, /outrigger enable shop\/web eye/);
  await server.send("DELETE", path.replace("/traffic", "/installations/eye"));
  const none = await server.refused(409, "traffic-unwatched", "GET", path);
  assert.match(none.hint, /outrigger install shop\/web performance/);
});

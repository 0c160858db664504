import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { PortTraffic, TrafficResource } from "@outrigger/server";
import { createScreen } from "../src/output/screen.ts";
import { showTraffic } from "../src/output/show-traffic.ts";

const latency = { p50: 0.94, p90: 12.3, p99: 512.4, max: 12_345 };

const port: PortTraffic = {
  port: 8080,
  protocol: "http",
  enabled: true,
  sampling: 50,
  slowMs: 500,
  openConnections: 3,
  requests: 1205,
  requestsPerSecond: 120.5,
  connectionsPerSecond: 1,
  bytesInPerSecond: 999,
  bytesOutPerSecond: 1_234_567,
  errors: 6,
  errorRate: 0.005,
  latency,
  endings: { "2xx": 1199, "5xx": 6 },
  routes: [{ route: "GET /users/{id}", requests: 1205, errors: 6, latency }],
  slow: [
    { at: "2026-01-01T00:00:00Z", route: "GET /slow", status: 200, milliseconds: 512.4, firstByteMilliseconds: 500, client: "10.0.0.9" },
  ],
  series: [
    { at: 100, requests: 80, errors: 0, bytesIn: 0, bytesOut: 0, p50: 1, p99: 2 },
    { at: 102, requests: 10, errors: 0, bytesIn: 0, bytesOut: 0, p50: 1, p99: 2 },
  ],
};

const traffic: TrafficResource = {
  plugin: "performance@1.0.0",
  window: 10,
  ports: [port],
  pods: [
    { name: "shop-web", replica: 0, ports: [port] },
    { name: "shop-web-1", replica: 1, problem: "performance does not run: exit 1", ports: [] },
  ],
};

test("a component's traffic in lines: ports, a bar for each second, what is called most, what was slow, and which pod is missing", () => {
  const lines = showTraffic("shop/web", traffic).map(stripVTControlCharacters);
  assert.equal(
    lines.join("\n"),
    `shop/web: the last 10 s of 2 pods, by performance@1.0.0
shop-web-1: performance does not run: exit 1

PORT  PROTOCOL  REQUESTS/S  ERRORS  P50     P90      P99     MAX     IN/S   OUT/S   OPEN  SAMPLED
8080  http      120.5       0.5 %   0.9 ms  12.3 ms  512 ms  12.3 s  999 B  1.2 MB  3     50 %

${`${" ".repeat(57)}█ ▂`}  requests/s, 60 s, up to 80

MOST CALLED      REQUESTS  ERRORS  P50     P90      P99     MAX
GET /users/{id}  1205      6       0.9 ms  12.3 ms  512 ms  12.3 s

SLOW       STATUS  TOOK    FIRST BYTE  FROM      AT
GET /slow  200     512 ms  500 ms      10.0.0.9  2026-01-01T00:00:00Z`,
  );
});

test("a port that is switched off and one without traffic are told apart", () => {
  const quiet = { ...port, requestsPerSecond: 0, routes: [], slow: [], series: [] };
  const ports = [
    { ...quiet, port: 1, enabled: false },
    { ...quiet, port: 2 },
  ];
  const lines = showTraffic("shop/web", { ...traffic, ports }).map(stripVTControlCharacters);
  assert.ok(lines.some((line) => /^1 +http +off/.test(line)));
  assert.ok(lines.some((line) => /^2 +http +0\.0/.test(line)));
});

test("a screen draws over what it drew, and never more than fits", () => {
  const stream = Object.assign(new PassThrough(), { columns: 10, rows: 4 }) as unknown as PassThrough & NodeJS.WriteStream;
  const screen = createScreen(stream);
  screen.draw(["1", "2", "3", "4", "5"], "head");
  assert.equal(String(stream.read()), "\u001b[0J1\n2\n3\n");
  screen.draw(["1", "2", "3", "a line that is too long"], "tail");
  assert.equal(String(stream.read()), "\u001b[3A\u001b[0J2\n3\na line t…\n");
});

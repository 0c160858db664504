import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { builtImage, docker, started, type TestContainer, testNetwork, until } from "../../../tests/support/container.ts";
import type { PortReport, TrafficReport } from "../agent/report.ts";
import { type DiscoveryServer, discoveryServer } from "./discovery-server.ts";

// What the platform gives the container, as plugin.yaml asks for it.
const confined = [
  "--user=0",
  "--read-only",
  "--cap-drop=ALL",
  "--cap-add=NET_RAW",
  "--cap-add=SETGID",
  "--security-opt=no-new-privileges",
  "--memory=160m",
];

const app = `
const { createServer } = require("node:http");
createServer((request, response) => {
  const path = request.url.split("?")[0];
  if (path === "/slow") setTimeout(() => response.end("late"), 80);
  else if (path === "/bad") response.writeHead(500).end("no");
  else if (path === "/chunked") { response.write("a".repeat(5000)); setTimeout(() => response.end("b"), 20); }
  else response.end("x".repeat(70000));
}).listen(8080);
`;

/** Takes connections at 65301 and hands them on to the app, as an ingress plug-in does. */
const ingress = `
const { connect, createServer } = require("node:net");
createServer((socket) => {
  console.log("passed on");
  const app = connect(8080, "127.0.0.1");
  socket.pipe(app).pipe(socket);
  socket.on("error", () => app.destroy());
  app.on("error", () => socket.destroy());
}).listen(65301);
`;

const document = (options: Readonly<Record<string, string>>): unknown => ({
  base_ports: [
    { service_alias: "web", service_id: "t.a.web", port: 8080, listen_port: 8080, origin_port: 8080, protocol: "http", options },
  ],
  base_services: [],
  base_normal: { options: {} },
});

const everything = { ENABLED: "true", SAMPLING: "100", SLOW_MS: "50" };

interface Pod {
  readonly app: TestContainer;
  readonly agent: TestContainer;
  readonly discovery: DiscoveryServer;
}

async function pod(context: TestContext): Promise<Pod> {
  const [image, network] = await Promise.all([builtImage("plugins/performance"), testNetwork(context)]);
  const discovery = await discoveryServer(document(everything));
  context.after(() => discovery.kill());
  const web = await started(context, "--network", network.name, "--entrypoint=node", image, "-e", app);
  const settings = [
    "--env",
    `DISCOVER_URL=http://${network.gateway}:${discovery.port}/v1/resources/t/web/performance`,
    "--env=DISCOVER_TOKEN=token-of-the-test",
  ];
  const agent = await started(context, "--network", `container:${web.id}`, ...confined, ...settings, image);
  await until("the agent captures", async () => ((await agent.run("pidof", "tcpdump")).code === 0 ? true : undefined));
  await sleep(300);
  return { app: web, agent, discovery };
}

async function port({ app: { address } }: Pod): Promise<PortReport & { readonly report: TrafficReport }> {
  const answer = await fetch(`http://${address}:65090/traffic?window=120`);
  const report = (await answer.json()) as TrafficReport;
  const [first] = report.ports;
  if (first === undefined) throw new TypeError(`no port in ${JSON.stringify(report)}`);
  return { ...first, report };
}

/** The figures once `count` exchanges have been seen since the start. */
function seen(each: Pod, count: number): Promise<Awaited<ReturnType<typeof port>>> {
  return until(`${count} requests are counted`, async () => {
    const now = await port(each);
    const ended = Object.values(now.endings).reduce((sum, ending) => sum + ending, 0);
    return ended >= count && now.requests >= count ? now : undefined;
  });
}

async function ask(agent: Agent, url: string): Promise<void> {
  await new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().once("end", resolve)).once("error", reject);
  });
}

/** Twelve requests over two connections that are kept open. */
async function mixed(address: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const paths = ["/users/1?token=hidden", "/users/22", "/users/333", "/slow", "/bad", "/bad", "/chunked", "/chunked"];
  await Promise.all([...paths, "/users/4", "/users/5", "/users/6", "/users/7"].map((path) => ask(agent, `http://${address}:8080${path}`)));
  agent.destroy();
}

function shown({ routes }: PortReport): object {
  return Object.fromEntries(routes.map(({ route, requests, errors }) => [route, { requests, errors }]));
}

const mixedRoutes = {
  "GET /users/{id}": { requests: 7, errors: 0 },
  "GET /slow": { requests: 1, errors: 0 },
  "GET /bad": { requests: 2, errors: 2 },
  "GET /chunked": { requests: 2, errors: 0 },
};

test("performance counts what callers send to a real app, and follows its settings live", { timeout: 120_000 }, async (context) => {
  const own = await pod(context);
  await mixed(own.app.address);
  const first = await seen(own, 12);
  assert.deepEqual(shown(first), mixedRoutes);
  assert.deepEqual(first.endings, { "2xx": 10, "5xx": 2 });
  assert.equal(first.errorRate, 0.1667);
  assert.ok(first.bytesOutPerSecond * 120 > 7 * 70_000, "bodies that were not captured are counted");
  assert.ok(first.latency.max >= 80 && first.latency.max < 2000, String(first.latency.max));
  assert.deepEqual(
    first.slow.map(({ route }) => route).filter((route) => route === "GET /slow"),
    ["GET /slow"],
  );
  const chunked = first.routes.find(({ route }) => route === "GET /chunked");
  assert.ok((chunked?.latency.p50 ?? 0) >= 19, "a request lasts until the last chunk");
  assert.equal(
    first.series.reduce((sum, { requests }) => sum + requests, 0),
    12,
  );
  assert.deepEqual(first.report.capture, { packets: first.report.capture.packets, dropped: 0 });
  assert.ok(own.discovery.asked().every((header) => header === "Bearer token-of-the-test"));
  assert.ok(!(await own.agent.logs()).includes("token-of-the-test"));

  own.discovery.publish(document({ ...everything, ENABLED: "false" }));
  await until("tcpdump is gone", async () => ((await own.agent.run("pidof", "tcpdump")).code === 1 ? true : undefined));
  await mixed(own.app.address);
  own.discovery.publish(document({ ...everything, SLOW_MS: "1" }));
  await until("tcpdump is back", async () => ((await own.agent.run("pidof", "tcpdump")).code === 0 ? true : undefined));
  await sleep(300);
  await mixed(own.app.address);
  const second = await seen(own, 24);
  assert.deepEqual(second.endings, { "2xx": 20, "5xx": 4 });
  assert.ok(second.slow.length > first.slow.length);

  const metrics = await (await fetch(`http://${own.app.address}:65090/metrics`)).text();
  assert.match(metrics, /^outrigger_traffic_requests_total\{port="8080",protocol="http",ending="5xx"\} 4$/m);
  assert.match(metrics, /^outrigger_traffic_duration_seconds_bucket\{port="8080",protocol="http",le="\+Inf"\} 24$/m);
});

test("the agent keeps its settings while discovery is away or talks nonsense, and takes new ones when it is back", {
  timeout: 120_000,
}, async (context) => {
  const own = await pod(context);
  const { port: place } = own.discovery;
  own.discovery.publish(document({ ...everything, SAMPLING: "900" }));
  const refused = await until("the settings are refused", async () => (await port(own)).report.settings.problem);
  assert.match(refused, /SAMPLING of port 8080 is "900", not a whole number from 1 to 100/);
  await own.discovery.kill();
  await mixed(own.app.address);
  assert.deepEqual(shown(await seen(own, 12)), mixedRoutes);
  const back = await discoveryServer(document({ ...everything, SLOW_MS: "7" }), place);
  context.after(() => back.kill());
  const now = await until("the new settings are taken", async () => {
    const state = await port(own);
    return state.slowMs === 7 ? state : undefined;
  });
  assert.equal(now.report.settings.problem, undefined);
});

test("beside an ingress plug-in it sees each call once, at the port that callers know; loopback is left out", {
  timeout: 120_000,
}, async (context) => {
  const own = await pod(context);
  const [image, tool] = [await builtImage("plugins/performance"), await builtImage("plugins/performance/test/nftables")];
  const inPod = ["--network", `container:${own.app.id}`];
  const proxy = await started(context, ...inPod, "--entrypoint=node", image, "-e", ingress);
  await until("the ingress listens", async () => {
    const { stdout } = await proxy.run("cat", "/proc/net/tcp6");
    return stdout.includes(":FF15 ") ? true : undefined;
  });
  const rules = "table ip t { chain entry { type nat hook prerouting priority -100; tcp dport 8080 redirect to :65301; }; }";
  const laid = await docker("run", "--rm", ...inPod, "--cap-drop=ALL", "--cap-add=NET_ADMIN", tool, "nft", rules);
  assert.equal(laid.code, 0, laid.stderr);
  await mixed(own.app.address);
  assert.deepEqual(shown(await seen(own, 12)), mixedRoutes);
  assert.equal((await proxy.logs()).match(/passed on/g)?.length, 2, "the calls took the way through the ingress");
  await sleep(1500);
  assert.deepEqual(shown(await port(own)), mixedRoutes);
});

test("sampling looks at about the asked share of the connections, and figures stand for all of them", {
  timeout: 120_000,
}, async (context) => {
  const own = await pod(context);
  own.discovery.publish(document({ ...everything, SAMPLING: "25" }));
  await until("the settings are there", async () => ((await port(own)).sampling === 25 ? true : undefined));
  await until("tcpdump samples", async () =>
    (await own.agent.run("sh", "-c", "tr '\\0' ' ' </proc/$(pidof tcpdump)/cmdline")).stdout.includes("40503") ? true : undefined,
  );
  await sleep(500);
  const agent = new Agent({ keepAlive: false, maxSockets: 10 });
  await Promise.all(Array.from({ length: 400 }, () => ask(agent, `http://${own.app.address}:8080/bad`)));
  await sleep(3500);
  const { endings, report } = await port(own);
  const count = endings["5xx"] ?? 0;
  assert.equal(count % 4, 0, "each connection that was looked at stands for four");
  assert.ok(count >= 200 && count <= 640, `${count} of 400`);
  assert.ok(report.capture.packets < 400 * 6 * 0.5, "the kernel leaves the others out");
});

test("it says at once what is missing, and ends when told to", { timeout: 60_000 }, async (context) => {
  const image = await builtImage("plugins/performance");
  const alone = await docker("run", "--rm", image);
  assert.equal(alone.code, 64);
  assert.match(alone.stderr, /DISCOVER_URL is missing/);
  const own = await pod(context);
  const begun = performance.now();
  await docker("stop", "--time=10", own.agent.id);
  assert.ok(performance.now() - begun < 9_000, "it waits to be killed");
  assert.equal((await docker("inspect", "--format={{.State.ExitCode}}", own.agent.id)).stdout.trim(), "0");
});

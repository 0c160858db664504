import assert from "node:assert/strict";
import { test } from "node:test";
import { type ComposeInput, diff, type PodInstallation } from "@outrigger/pod";
import { container, input, install, podOf, reasons } from "./support.ts";

test("ordered ingress plug-ins chain: callers enter at the first, the last passes on to the app", () => {
  const config = "[{ group: limits, dependsOn: port, inject: discovery, items: [{ name: RATE, type: integer, default: 5 }] }]";
  const pod = podOf(
    input("ports: [{ port: 8080, protocol: http }]", [
      install({ name: "inner", type: "ingress", config, pod: "after: [outer]" }),
      install({ name: "outer", type: "ingress", config }),
    ]),
  );
  const [{ entry, inner } = {}] = pod.ports;
  assert.ok(entry !== undefined && entry >= 65_301 && entry <= 65_400, "Rainbond's range");
  const hop = (name: string): unknown =>
    pod.discovery[name]?.document.base_ports.map(({ listen_port, port, options }) => [listen_port, port, options]);
  assert.deepEqual(hop("outer"), [[entry, inner?.[0], { RATE: "5" }]]);
  assert.deepEqual(hop("inner"), [[inner?.[0], 8080, { RATE: "5" }]]);
  const alone = podOf(input("ports: [{ port: 8080, protocol: http }]", [install({ name: "inner", type: "ingress", config })]));
  assert.equal(alone.ports[0]?.entry, inner?.[0], "a plug-in keeps its port when another one goes");
});

test("two plug-ins for different protocols do not conflict", () => {
  const items = (protocol: string): string =>
    `[{ group: g, dependsOn: port, inject: discovery, items: [{ name: R, protocol: [${protocol}] }] }]`;
  podOf(
    input("ports: [{ port: 80, protocol: http }, { port: 90, protocol: mysql }]", [
      install({ name: "a", type: "ingress", config: items("http") }),
      install({ name: "b", type: "ingress", config: items("mysql") }),
    ]),
  );
});

test("egress plug-ins stand in the way of calls: the first takes them, the last balances over the dependency's pods", () => {
  const config = "[{ group: calls, dependsOn: downstream-port, inject: discovery, items: [{ name: RETRIES, type: integer, default: 1 }] }]";
  const endpoints = [
    { pod: "shop-api", replica: 0, address: "172.18.0.9", ready: true },
    { pod: "shop-api-1", replica: 1, address: "172.18.0.4", ready: false },
  ];
  const own = "securityContext: { runAsUser: 7 }";
  const pod = podOf(
    input(
      "dependsOn: []",
      [
        install({ name: "second", type: "egress", config, pod: `${own}, after: [first]` }),
        install({ name: "first", type: "egress", config }),
      ],
      [{ component: "api", ports: [{ port: 5000, protocol: "http" }], endpoints }],
    ),
  );
  assert.deepEqual(pod.detours, [
    {
      component: "api",
      addresses: ["172.18.0.4", "172.18.0.9"],
      port: 5000,
      protocol: "http",
      listen: pod.discovery["first"]?.document.base_services[0]?.listen_port ?? 0,
      exceptUsers: [65301, 7],
    },
  ]);
  const service = (name: string): unknown =>
    pod.discovery[name]?.document.base_services.map((each) => [
      each.listen_port,
      each.endpoints.map(({ address, port }) => `${address}:${port}`),
    ]);
  const listens = (name: string): number => pod.discovery[name]?.document.base_services[0]?.listen_port ?? 0;
  assert.ok(listens("first") > 65_400 && listens("second") > 65_400);
  assert.deepEqual(service("first"), [[listens("first"), [`127.0.0.1:${listens("second")}`]]]);
  assert.deepEqual(service("second"), [[listens("second"), ["172.18.0.9:5000", "172.18.0.4:5000"]]]);
});

test("an egress plug-in that runs as the app's user is refused: its own calls would come back to it", () => {
  const [reason] = reasons(
    input("securityContext: { runAsUser: 65301 }", [install({ name: "out", type: "egress" })], [{ component: "db", ports: [] }]),
  );
  assert.match(reason ?? "", /conflict plugins.0: out and the app both run as the user 65301/);
});

test("a plug-in's settings by discovery: its variables, its place, its files and their directories", () => {
  const config =
    "[{ group: a, inject: discovery, file: /etc/side/a.env, items: [{ name: A, default: '1' }] }, { group: b, inject: discovery, items: [{ name: B, default: '${pod.ip}' }] }]";
  const pod = podOf(input("", [install({ name: "side", config })]));
  const { env, fileDirectories } = container(pod, "side");
  assert.deepEqual(fileDirectories, ["/etc/side"]);
  assert.deepEqual(env, [
    { name: "API_HOST_PORT", value: "6100" },
    { name: "DISCOVER_TOKEN", secret: { plugin: "side", instance: "i-side" } },
    { name: "DISCOVER_URL", parts: ["http://", { fact: "discovery.host" }, ":6100/v1/resources/default.shop/web/side"] },
    { name: "DISCOVER_URL_NOHOST", value: "/v1/resources/default.shop/web/side" },
    { name: "PLUGIN_ID", value: "side" },
    { name: "XDS_HOST_IP", parts: [{ fact: "discovery.host" }] },
    { name: "XDS_HOST_PORT", value: "6101" },
  ]);
  const live = pod.discovery["side"];
  assert.deepEqual(live?.document.base_normal.options, { A: "1", B: [{ fact: "pod.ip" }] });
  assert.deepEqual(
    live?.files.map(({ path, format, document }) => [path, format, document.base_normal.options]),
    [["/etc/side/a.env", "env", { A: "1" }]],
  );
});

test("exports: the app gets variables, may be added to, and is never overridden", () => {
  const agent = (name: string, value: string): PodInstallation => install({ name, pod: `exports: { env: { OPTS: "${value}" } }` });
  const opts = (component: string, installations: readonly PodInstallation[]): unknown =>
    container(podOf(input(component, installations)), "web").env.find(({ name }) => name === "OPTS");
  const two = [agent("one", "-one"), agent("two", "${OPTS:} -two")];
  assert.deepEqual(opts("", two), { name: "OPTS", value: "-one -two" });
  assert.deepEqual(opts("env: { OPTS: -x }", [agent("two", "${OPTS:} -two")]), { name: "OPTS", value: "-x -two" });
  assert.match(reasons(input("env: { OPTS: -x }", two))[0] ?? "", /one hands the variable OPTS to the app, which web sets itself/);
  assert.match(reasons(input("", [agent("one", "-one"), agent("two", "-two")]))[0] ?? "", /which one hands to it already/);
  assert.deepEqual(podOf(input("", two)).exports, [
    { plugin: "one", env: ["OPTS"], mounts: [] },
    { plugin: "two", env: ["OPTS"], mounts: [] },
  ]);
});

test("a component knows what it depends on by API_HOST and API_PORT, unless it sets them itself", () => {
  const api = { component: "my-api", ports: [{ port: 5000, protocol: "http" as const }] };
  const env = (component: string): unknown => container(podOf(input(component, [], [api])), "web").env;
  assert.deepEqual(env("env: { URL: 'http://${MY_API_HOST}:${MY_API_PORT}/' }"), [
    { name: "MY_API_HOST", value: "my-api" },
    { name: "MY_API_PORT", value: "5000" },
    { name: "URL", value: "http://my-api:5000/" },
  ]);
  assert.deepEqual(env("env: { MY_API_HOST: elsewhere }"), [
    { name: "MY_API_HOST", value: "elsewhere" },
    { name: "MY_API_PORT", value: "5000" },
  ]);
});

test("diff: the ways of traffic and the number of pods change while all goes on", () => {
  const gate = install({ name: "gate", type: "ingress" });
  const plain = podOf(input("ports: [{ port: 80, protocol: http }]"));
  const { kind, changes } = diff(plain, podOf(input("ports: [{ port: 80, protocol: http }]", [gate])));
  assert.equal(kind, "restart");
  assert.deepEqual(changes, [
    { kind: "restart", container: "gate", action: "add", reason: "gate is added" },
    {
      kind: "hot",
      reason: `traffic for port 80 goes in at ${podOf(input("ports: [{ port: 80, protocol: http }]", [gate])).ports[0]?.entry}`,
    },
  ]);
  assert.deepEqual(diff(plain, podOf(input("ports: [{ port: 80, protocol: http }], replicas: 3"))).changes, [
    { kind: "hot", reason: "2 pods more: 3 instead of 1" },
  ]);
});

test("attack: a reference gets no text past a setting's pattern", () => {
  const config = "[{ group: g, inject: discovery, items: [{ name: A, pattern: '[a-z0-9.]+' }] }]";
  const set = (value: string, env = ""): ComposeInput => input(env, [install({ name: "p", config, values: { g: { A: value } } })]);
  podOf(set("${pod.ip}"));
  podOf(set("${NAME}", "env: { NAME: fine }"));
  for (const wrong of [set("${pod.ip}\n  evil"), set("${NAME}", 'env: { NAME: "x\\n y" }'), set("x;${NAME:y}"), set("$${x}")]) {
    assert.match(reasons(wrong)[0] ?? "", /plugins.0.values.g.A: A is .* which does not match/);
  }
});

test("a kept file's directory within another's is no directory of its own, lest it hide what is in it", () => {
  const group = (name: string, file: string): string => `{ group: ${name}, inject: discovery, file: ${file}, items: [{ name: A${name} }] }`;
  const config = `[${group("a", "/etc/side/a.env")}, ${group("b", "/etc/side/more/b.env")}, ${group("c", "/etc/sidecar/c.env")}]`;
  const pod = podOf(input("", [install({ name: "side", config })]));
  assert.deepEqual(container(pod, "side").fileDirectories, ["/etc/side", "/etc/sidecar"]);
});

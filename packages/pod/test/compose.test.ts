import assert from "node:assert/strict";
import { test } from "node:test";
import { type PodPluginManifest, readApplication, readPluginManifest, type StoredValues } from "@outrigger/plugin";
import { type ComposeInput, type Container, compose, diff, type Pod, type PodInstallation } from "@outrigger/pod";

interface PluginText {
  readonly name: string;
  readonly type?: string;
  readonly pod?: string;
  readonly config?: string;
  readonly values?: StoredValues;
}

const asOwnUser = "securityContext: { runAsUser: 65301 }";

function install({
  name,
  type = "general",
  pod = type.includes("egress") ? asOwnUser : "",
  config = "[]",
  values = {},
}: PluginText): PodInstallation {
  const text = `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: ${name}, version: 1.0.0 }\nspec:\n  layer: pod\n  pod: { type: ${type}, source: { image: x }, ${pod} }\n  config: ${config}\n`;
  const reading = readPluginManifest(text, "plugin.yaml");
  assert.ok(reading.ok, JSON.stringify(reading));
  const { spec, metadata } = reading.value.value as PodPluginManifest;
  return {
    plugin: metadata.name,
    version: metadata.version,
    image: `sha256:${name}`,
    spec,
    values,
    instance: `i-${name}`,
    revision: 1,
    enabled: true,
  };
}

function input(
  component: string,
  installations: readonly PodInstallation[] = [],
  downstream: ComposeInput["downstream"] = [],
): ComposeInput {
  const text = `apiVersion: outrigger.dev/v1\nkind: Application\nmetadata: { name: shop }\nspec:\n  components: [{ name: web, image: "web:1", ${component} }]\n`;
  const reading = readApplication(text, "app.yaml");
  assert.ok(reading.ok, JSON.stringify(reading));
  const found = reading.value.value.spec.components[0];
  assert.ok(found);
  return { team: "default", application: "shop", component: found, installations, downstream };
}

function podOf(value: ComposeInput): Pod {
  const composition = compose(value);
  assert.ok(composition.ok, JSON.stringify(composition));
  return composition.pod;
}

function container(pod: Pod, name: string): Container {
  const found = pod.containers.find((each) => each.name === name);
  assert.ok(found, `no container ${name}`);
  return found;
}

function reasons(value: ComposeInput): string[] {
  const composition = compose(value);
  assert.ok(!composition.ok, "expected problems");
  return composition.problems.map(({ code, path, message }) => `${code} ${path.join(".")}: ${message}`);
}

test("containers stand in the order of the roles, then of before/after, then of installation", () => {
  const pod = podOf(
    input("", [
      install({ name: "log" }),
      install({ name: "gate", type: "ingress" }),
      install({ name: "second", type: "init" }),
      install({ name: "first", type: "init", pod: "before: [second]" }),
      install({ name: "perf", type: "performance", pod: "before: [log]" }),
    ]),
  );
  assert.deepEqual(
    pod.containers.map(({ name, role }) => `${role} ${name}`),
    ["init first", "init second", "network gate", "app web", "sidecar perf", "sidecar log"],
  );
});

test("circles and impossible orders are named", () => {
  const circle = ["a", "b", "c"].map((name, index) => install({ name, pod: `before: [${["b", "c", "a"][index]}]` }));
  assert.match(
    reasons(input("", circle))[0] ?? "",
    /^cycle .*a before b before c before a|b before c before a before b|c before a before b before c/,
  );
  const across = [install({ name: "log", pod: "before: [wait]" }), install({ name: "wait", type: "init" })];
  assert.match(reasons(input("", across))[0] ?? "", /init plug-ins always start before general ones/);
});

test("shared variables reach everyone, plug-in variables win in their own container only", () => {
  const log = install({
    name: "log",
    config:
      "[{ group: g, items: [{ name: LEVEL, default: debug }, { name: URL, default: 'http://${HOST:none}:${PORT:80}/${pod.name}' }] }]",
  });
  const pod = podOf(input("env: { LEVEL: info, HOST: db, BOTH: '${HOST}-${node.name}', PLAIN: '$${HOST}' }", [log]));
  assert.deepEqual(container(pod, "web").env, [
    { name: "BOTH", parts: ["db-", { fact: "node.name" }] },
    { name: "HOST", value: "db" },
    { name: "LEVEL", value: "info" },
    { name: "PLAIN", value: "${HOST}" },
  ]);
  const own = container(pod, "log").env;
  assert.deepEqual(
    own.find(({ name }) => name === "LEVEL"),
    { name: "LEVEL", value: "debug" },
  );
  assert.deepEqual(
    own.find(({ name }) => name === "URL"),
    { name: "URL", parts: ["http://db:80/", { fact: "pod.name" }] },
  );
});

test("an unknown variable, a circle of variables and a wrong value are problems at their places", () => {
  const log = install({ name: "log", config: "[{ group: g, items: [{ name: N, type: integer, default: '${COUNT:many}' }] }]" });
  const bad = install({ name: "bad", config: "[{ group: g, items: [{ name: X }] }]", values: { g: { X: "${NOPE}", Y: "1" } } });
  assert.deepEqual(
    reasons(input("env: { A: '${B}', B: '${A}', C: '${D}' }", [log, bad])).map((reason) => reason.split(":")[0]),
    ["cycle env.A", "variable-unknown env.C", "wrong-type plugins.0.values.g.N", "unknown-key plugins.1.values.g.Y"],
  );
});

test("a secret stands as its reference only", () => {
  const log = install({
    name: "log",
    config: "[{ group: g, items: [{ name: TOKEN, type: secret }] }]",
    values: { g: { TOKEN: { sealed: "cipher", digest: "d1" } } },
  });
  const text = JSON.stringify(podOf(input("", [log])));
  assert.match(text, /"secret":\{"plugin":"log","group":"g","item":"TOKEN","digest":"d1"\}/);
  assert.doesNotMatch(text, /cipher/);
});

test("mounts: all by default, named or read-only when asked, and own volumes can be handed to the app", () => {
  const volumes = "volumes: [{ name: logs, path: /var/log }, { name: data, path: /data, ephemeral: true }]";
  const pod = podOf(
    input(volumes, [
      install({ name: "all" }),
      install({ name: "some", pod: "mounts: { share: [{ name: logs, readOnly: true }] }" }),
      install({
        name: "agent",
        type: "init",
        pod: "mounts: { share: [] }, volumes: [{ name: jar, path: /out }], exports: { mounts: [{ volume: jar, path: /opt/agent }] }",
      }),
    ]),
  );
  assert.deepEqual(
    container(pod, "all").mounts.map((mount) => `${mount.volume}:${mount.path}:${mount.readOnly}`),
    ["logs:/var/log:false", "data:/data:false"],
  );
  assert.deepEqual(container(pod, "some").mounts, [{ volume: "logs", path: "/var/log", readOnly: true }]);
  assert.deepEqual(container(pod, "agent").mounts, [{ volume: "agent.jar", path: "/out", readOnly: false }]);
  assert.deepEqual(container(pod, "web").mounts.at(-1), { volume: "agent.jar", path: "/opt/agent", readOnly: true });
  assert.deepEqual(pod.volumes, [
    { name: "logs", ephemeral: false },
    { name: "data", ephemeral: true },
    { name: "agent.jar", ephemeral: true },
  ]);
  const missing = install({ name: "x", pod: "mounts: { share: [lgos] }" });
  const composition = compose(input(volumes, [missing]));
  assert.ok(!composition.ok && composition.problems[0]?.hint === 'Did you mean "logs"?');
  const clash = install({ name: "y", pod: "volumes: [{ name: v, path: /data }]" });
  assert.match(reasons(input(volumes, [clash]))[0] ?? "", /both be mounted at \/data/);
});

test("memory and CPU: the installation overrides the version field by field, and requests stay below limits", () => {
  const log: PodInstallation = {
    ...install({ name: "log", pod: "resources: { memory: 64Mi, cpu: 50m, requests: { memory: 16Mi } }" }),
    resources: { memory: "128Mi" },
  };
  assert.deepEqual(container(podOf(input("", [log])), "log").resources, {
    requests: { memory: 134_217_728, cpu: 50 },
    limits: { memory: 134_217_728, cpu: 50 },
  });
  const apart = install({ name: "log", pod: "resources: { memory: 64Mi, requests: { memory: 16Mi } }" });
  assert.deepEqual(container(podOf(input("", [apart])), "log").resources, {
    requests: { memory: 16_777_216 },
    limits: { memory: 67_108_864 },
  });
  const above = install({ name: "log", pod: "resources: { limits: { memory: 1Mi }, requests: { memory: 2Mi } }" });
  assert.match(reasons(input("", [above]))[0] ?? "", /^out-of-range plugins\.0\.resources: The memory request 2Mi is above the limit 1Mi/);
});

test("conflicts: twice the same, the component's own name, the same traffic in no order", () => {
  const ports = "ports: [{ port: 8080, protocol: http }, { port: 53, protocol: udp }]";
  assert.match(reasons(input("", [install({ name: "a" }), install({ name: "a" })]))[0] ?? "", /installed twice/);
  assert.match(reasons(input("", [install({ name: "web" })]))[0] ?? "", /component's own name/);
  const gates = [install({ name: "a", type: "ingress" }), install({ name: "b", type: "ingress-egress" })];
  const [conflict] = reasons(input(ports, gates));
  assert.match(conflict ?? "", /b and a both take over the component's incoming http, udp traffic/);
  const reversed = reasons(input(ports, [...gates].reverse()));
  assert.equal(reversed.length, 1, "asymmetric in-and-out checks: the order of installation does not matter");
  assert.match(
    reasons(
      input(
        "",
        [install({ name: "a", type: "egress" }), install({ name: "b", type: "egress" })],
        [{ component: "db", ports: [{ port: 1, protocol: "tcp" }] }],
      ),
    )[0] ?? "",
    /outgoing tcp/,
  );
});

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

test("a disabled plug-in is left out and takes its conflicts with it", () => {
  const off: PodInstallation = { ...install({ name: "web" }), enabled: false };
  assert.deepEqual(
    podOf(input("", [off])).containers.map(({ name }) => name),
    ["web"],
  );
});

test("diff: hot, restart of one container, recreate, each with its reason", () => {
  const config =
    "[{ group: e, items: [{ name: HOST, default: a }] }, { group: d, inject: discovery, items: [{ name: RATE, default: '1' }] }]";
  const log = (values: StoredValues): PodInstallation => install({ name: "log", config, values });
  const before = podOf(input("ports: [{ port: 80 }]", [log({})]));
  assert.deepEqual(diff(undefined, before).kind, "recreate");
  assert.equal(diff(before, before).kind, "none");
  assert.deepEqual(diff(before, podOf(input("ports: [{ port: 80 }]", [log({ d: { RATE: "2" } })]))), {
    kind: "hot",
    changes: [{ kind: "hot", reason: "log: its live settings change" }],
  });
  assert.deepEqual(diff(before, podOf(input("ports: [{ port: 80 }]", [log({ e: { HOST: "b" } })]))), {
    kind: "restart",
    changes: [{ kind: "restart", container: "log", action: "replace", reason: 'log: the variable HOST changes from "a" to "b"' }],
  });
  const removed = diff(before, podOf(input("ports: [{ port: 80 }]")));
  assert.deepEqual(removed.changes, [{ kind: "restart", container: "log", action: "remove", reason: "log is removed" }]);
  assert.equal(diff(before, podOf(input("ports: [{ port: 80, publish: 8080 }]", [log({})]))).kind, "recreate");
  assert.equal(diff(before, podOf(input("ports: [{ port: 80 }]", [log({}), install({ name: "wait", type: "init" })]))).kind, "recreate");
});

test("diff: an app that init plug-ins prepare is made anew with them, else it is replaced alone", () => {
  const wait = install({ name: "wait", type: "init", config: "[]" });
  const kind = (installations: readonly PodInstallation[]): string =>
    diff(podOf(input("command: [a]", installations)), podOf(input("command: [b]", installations))).kind;
  assert.equal(kind([]), "restart");
  assert.equal(kind([wait]), "recreate");
});

test("diff never shows a secret", () => {
  const log = (digest: string): PodInstallation =>
    install({ name: "log", config: "[{ group: g, items: [{ name: T, type: secret }] }]", values: { g: { T: { sealed: "s", digest } } } });
  const { changes } = diff(podOf(input("", [log("one")])), podOf(input("", [log("two")])));
  assert.deepEqual(
    changes.map(({ reason }) => reason),
    ["log: the variable T changes"],
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
  assert.equal(live?.node, "default.shop_side_web");
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

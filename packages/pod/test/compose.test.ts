import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredValues } from "@outrigger/plugin";
import { compose, diff, type PodInstallation } from "@outrigger/pod";
import { container, input, install, podOf, reasons } from "./support.ts";

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

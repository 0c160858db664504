import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ConfigItem, isPodPlugin, type PodPluginManifest, readPluginManifest } from "@outrigger/plugin";
import fc from "fast-check";
import { stringify } from "yaml";
import { findContainer } from "../src/import/find-container.ts";
import { importContainer } from "../src/import/import-container.ts";
import { writeManifest } from "../src/import/write-manifest.ts";
import { folderWith, outrigger } from "./run-outrigger.ts";

const fixture = join(import.meta.dirname, "fixtures", "log-sidecar.yaml");

function imported(text: string, container: string): { readonly manifest: PodPluginManifest; readonly text: string; readonly left: string } {
  const plugin = importContainer(findContainer(text, "template.yaml", container), { name: container, version: "1.0.0" });
  const written = writeManifest(plugin, "template.yaml");
  const reading = readPluginManifest(written, "plugin.yaml");
  assert.ok(reading.ok, reading.ok ? "" : `${JSON.stringify(reading.problems)}\n${written}`);
  const manifest = reading.value.value;
  assert.ok(isPodPlugin(manifest));
  return { manifest, text: written, left: plugin.leftovers.map(({ path, reason }) => `${path}: ${reason}`).join("\n") };
}

function itemsOf(manifest: PodPluginManifest): Readonly<Record<string, ConfigItem>> {
  return Object.fromEntries(manifest.spec.config.flatMap(({ items }) => items.map((item) => [item.name, item])));
}

test("the log sidecar's template becomes a plug-in with nothing lost", () => {
  const { manifest, text } = imported(readFileSync(fixture, "utf8"), "logtail");
  const { pod, config } = manifest.spec;
  assert.equal(pod.type, "general");
  assert.equal(pod.source.image, "registry.cn-hangzhou.aliyuncs.com/log-service/logtail:latest");
  assert.deepEqual(pod.command, ["sh", "-c", "/usr/local/ilogtail/run_logtail.sh 10"]);
  assert.deepEqual(pod.liveness?.exec?.command, ["/etc/init.d/ilogtaild", "status"]);
  assert.equal(pod.liveness?.initialDelaySeconds, 30);
  assert.equal(pod.liveness?.periodSeconds, 30);
  assert.deepEqual(pod.resources, { requests: { cpu: "10m", memory: "30Mi" }, limits: { memory: "512Mi" } });
  assert.deepEqual(pod.mounts.share, [{ name: "nginx-log", readOnly: false }]);
  assert.equal(config.length, 1);
  assert.equal(config[0]?.group, "env");
  assert.equal(config[0]?.inject, "env");
  const items = itemsOf(manifest);
  assert.equal(Object.keys(items).length, 9);
  assert.equal(items["ALIYUN_LOGTAIL_USER_ID"]?.required, true);
  assert.match(items["ALIYUN_LOGTAIL_USER_ID"]?.description ?? "", /user id.*\$\{your_aliyun_user_id\}/);
  assert.match(items["ALIYUN_LOGTAIL_CONFIG"]?.description ?? "", /\/etc\/ilogtail\/conf\/\$\{your_region_config\}\/ilogtail_config\.json/);
  assert.equal(items["ALIYUN_LOG_ENV_TAGS"]?.default, "_pod_name_|_pod_ip_|_namespace_|_node_name_|_node_ip_");
  const facts = {
    _pod_name_: "pod.name",
    _pod_ip_: "pod.ip",
    _namespace_: "pod.namespace",
    _node_name_: "node.name",
    _node_ip_: "node.ip",
  };
  for (const [name, fact] of Object.entries(facts)) assert.equal(items[name]?.default, `\${${fact}}`);
  for (const left of ["restartPolicy", "metadata.name", "metadata.namespace", "nginx-log-demo", "volumes[0]"]) {
    assert.ok(text.split("have no place above")[1]?.includes(left), left);
  }
});

test("the command writes it, lists what is left, and refuses to overwrite", async () => {
  using folder = folderWith();
  const out = join(folder.path, "logtail");
  const first = await outrigger(["plugin", "import", fixture, "--container", "logtail", "--out", out]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /spec\.template\.spec\.restartPolicy: a sidecar is always restarted/);
  const checked = await outrigger(["plugin", "validate", join(out, "plugin.yaml")]);
  assert.deepEqual(checked, { code: 0, stdout: "plugin.yaml: no mistakes.\n", stderr: "" });
  const again = await outrigger(["plugin", "import", fixture, "--container", "logtail", "--out", out]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /exists already/);
});

test("a container that is not there is told with the nearest", async () => {
  const { code, stderr } = await outrigger(["plugin", "import", fixture, "--container", "logtial", "--out", "/nonexistent/x"]);
  assert.equal(code, 2);
  assert.match(stderr, /has no container logtial.*\n.*nginx-log-demo, logtail \(nearest: logtail\)/);
});

const busy = {
  name: "side",
  image: "side:1",
  workingDir: "/w",
  ports: [{ name: "web", containerPort: 8080 }],
  livenessProbe: { httpGet: { port: "web", path: "/h", httpHeaders: [] } },
  readinessProbe: { grpc: { port: 9 } },
  lifecycle: {},
  env: [
    { name: "TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
    { name: "MODE", valueFrom: { configMapKeyRef: { name: "c", key: "m", optional: true } } },
    { name: "LIMIT", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
    { name: "LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['a']" } } },
    { name: "1BAD", value: "x" },
    { name: "FROM", value: "$(TOKEN)/x" },
  ],
  envFrom: [{ secretRef: { name: "more" } }],
  resources: { limits: { cpu: 1, memory: "1Gi", "ephemeral-storage": "1Gi" }, requests: { memory: "128e3foo" } },
  securityContext: { runAsNonRoot: true, runAsUser: 7, capabilities: { add: ["CAP_NET_ADMIN"], drop: ["ALL"] } },
  volumeMounts: [
    { name: "data", mountPath: "/other", readOnly: true, subPath: "x" },
    { name: "own", mountPath: "/own" },
    { name: "kept", mountPath: "/kept" },
    { name: "settings", mountPath: "/settings" },
  ],
};
const pod = {
  terminationGracePeriodSeconds: 40,
  nodeSelector: { disk: "ssd" },
  containers: [{ name: "app", image: "app:1", volumeMounts: [{ name: "data", mountPath: "/data" }] }, busy],
  initContainers: [
    { name: "migrate", image: "m:1", readinessProbe: { tcpSocket: { port: 1 } } },
    { name: "early", image: "e:1", restartPolicy: "Always" },
  ],
  volumes: [
    { name: "data", emptyDir: {} },
    { name: "own", emptyDir: {} },
    { name: "kept", persistentVolumeClaim: { claimName: "c" } },
    { name: "settings", configMap: { name: "c" } },
  ],
};
const template = { metadata: { labels: { a: "b" } }, spec: pod };
const kinds: Readonly<Record<string, object>> = {
  Pod: { kind: "Pod", spec: pod },
  PodTemplate: { kind: "PodTemplate", template },
  Deployment: { kind: "Deployment", spec: { replicas: 2, template } },
  StatefulSet: { kind: "StatefulSet", spec: { template } },
  DaemonSet: { kind: "DaemonSet", spec: { template } },
  Job: { kind: "Job", spec: { template } },
  CronJob: { kind: "CronJob", spec: { schedule: "* * * * *", jobTemplate: { spec: { template } } } },
  "bare pod template": template,
  "bare pod spec": pod,
};

for (const [kind, document] of Object.entries(kinds)) {
  test(`a container of a ${kind} is found, between other documents`, () => {
    const text = [{ kind: "ConfigMap", metadata: { name: "c" } }, document].map((each) => stringify(each)).join("---\n");
    const { manifest, left } = imported(text, "side");
    assert.deepEqual(manifest.spec.pod.securityContext, { runAsUser: 7, capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] } });
    assert.deepEqual(manifest.spec.pod.liveness?.httpGet, { path: "/h", port: 8080, scheme: "HTTP" });
    assert.equal(manifest.spec.pod.terminationGracePeriodSeconds, 40);
    assert.deepEqual(manifest.spec.pod.mounts.share, [{ name: "data", readOnly: true }]);
    assert.deepEqual(manifest.spec.pod.volumes, [
      { name: "own", path: "/own", ephemeral: true },
      { name: "kept", path: "/kept", ephemeral: false },
    ]);
    const { TOKEN, MODE, LIMIT, LABEL } = itemsOf(manifest);
    assert.deepEqual([TOKEN?.type, TOKEN?.required, MODE?.required, LIMIT?.required, LABEL?.required], ["secret", true, false, true, true]);
    const lost = [
      "1BAD",
      "FROM",
      "envFrom[0]",
      "readinessProbe",
      "lifecycle",
      "httpHeaders",
      "runAsNonRoot",
      "ephemeral-storage",
      "requests.memory",
    ];
    for (const each of [...lost, "subPath", "not /other", "nodeSelector", "(settings)", "ConfigMap c", "app", "migrate"])
      assert.ok(left.includes(each), each);
  });
}

test("what stands among init containers is an init plug-in, unless it always restarts", () => {
  const text = stringify(pod);
  const { manifest, left } = imported(text, "migrate");
  assert.equal(manifest.spec.pod.type, "init");
  assert.match(left, /readinessProbe: an init plug-in has no probes/);
  assert.equal(imported(text, "early").manifest.spec.pod.type, "general");
});

test("whatever stands in a container, each of its fields is in the plug-in or listed", () => {
  const fields = fc.dictionary(
    fc.constantFrom("command", "args", "env", "resources", "securityContext", "volumeMounts", "livenessProbe", "tty", "ports", "stdin"),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fields, (extra) => {
      const text = stringify({ spec: { containers: [{ name: "x", image: "i:1", ...extra }] } });
      const plugin = importContainer(findContainer(text, "t.yaml", "x"), { name: "x", version: "1.0.0" });
      const left = plugin.leftovers.map(({ path }) => path).join("\n");
      for (const key of ["tty", "ports", "stdin"]) assert.equal(key in extra, left.includes(`containers[0].${key}`), key);
      assert.equal(typeof writeManifest(plugin, "t.yaml"), "string");
    }),
    { numRuns: 300 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Clusterfile,
  clusterfileOfOptions,
  formatClusterfile,
  type Host,
  readClusterfile,
  readPluginDocuments,
  type SecretSource,
} from "@outrigger/cluster";
import { formatProblem } from "@outrigger/plugin";
import fc from "fast-check";

const file = "/work/Clusterfile";

function read(text: string): Clusterfile {
  const reading = readClusterfile(text, file);
  assert.ok(reading.ok, reading.ok ? "" : `${reading.problems.map(formatProblem).join("\n")}\n${text}`);
  return reading.value;
}

test("written Clusterfiles: short where hosts are alike, and without secrets", () => {
  const reading = clusterfileOfOptions({
    image: "tiny:1",
    masters: "10.0.0.1",
    nodes: "10.0.0.2",
    password: { from: "text", text: "hunter2" },
    env: ["A=b"],
  });
  assert.ok(reading.ok);
  assert.equal(
    formatClusterfile(reading.value),
    `apiVersion: outrigger.dev/v1
kind: Cluster
metadata:
  name: my-cluster
spec:
  image: tiny:1
  env:
    A: b
  ssh:
    user: root
    port: 22
    passwd:
      prompt: true
  hosts:
    - ips:
        - 10.0.0.1
      roles:
        - master
    - ips:
        - 10.0.0.2
      roles:
        - node
`,
  );
});

test("written Clusterfiles: plug-ins, configs and kubeadm's documents come back as they were", () => {
  const text = `apiVersion: sealer.io/v2
kind: Cluster
metadata: { name: a }
spec:
  image: tiny:1
  cmd: [ "date; id" ]
  cmd_args: [ a=b ]
  registry: { localRegistry: { domain: sea.hub, port: 5000 } }
  hosts:
    - { ips: [ 10.0.0.1 ], roles: [ master ], labels: { "on": "yes" }, taints: [ a=b:NoSchedule ] }
    - { ips: [ "fd00::1" ], roles: [ gpu, node ], ssh: { pk: key, pkPasswd: { env: P } }, env: { A: "a;b\\nc" } }
---
kind: ClusterConfiguration
a:   1 # as it is
---
kind: Config
metadata: { name: c }
spec: { path: values.yaml, data: { a: [ 1, null ] }, process: value|toJson, appName: redis, template: true }
---
kind: Plugin
metadata: { name: p }
spec: { type: ETCD, action: PostInstall|PostUpgrade, on: ./backup.db, timeout: 5m, entry: ./x.ts, package: ./p, disabled: true }
---
kind: Plugin
metadata: { name: q }
spec: { type: SHELL, action: PreInit, scope: "master|disk in (a,b)|10.0.0.1-10.0.0.9", data: "a\\n b\\n" }
`;
  const first = read(text);
  const again = read(formatClusterfile(first));
  const plain = (cluster: Clusterfile): unknown =>
    JSON.parse(JSON.stringify({ ...cluster, warnings: [] }, (key, value: unknown) => (key === "line" ? 0 : value)));
  assert.deepEqual(plain(again), plain(first));
});

const secret: fc.Arbitrary<SecretSource> = fc.oneof(
  fc.constant<SecretSource>({ from: "prompt" }),
  fc.constantFrom("/a", "/b c/d").map((path): SecretSource => ({ from: "file", path })),
  fc.constantFrom("P", "Q").map((name): SecretSource => ({ from: "variable", name })),
  fc.string({ minLength: 12 }).map((text): SecretSource => ({ from: "text", text: `hunter2${text}` })),
);
const variables = fc.dictionary(fc.stringMatching(/^[A-Z_]{1,4}$/), fc.string());
const access: fc.Arbitrary<Host["ssh"]> = fc.record(
  {
    user: fc.constantFrom("root", "admin", "on", "1"),
    port: fc.integer({ min: 1, max: 65535 }),
    password: secret,
    key: fc.record({ path: fc.constantFrom("/k", "/k y"), passphrase: secret }, { requiredKeys: ["path"] }),
  },
  { requiredKeys: ["user", "port"] },
);
const hosts = fc
  .uniqueArray(fc.tuple(fc.nat(255), access, variables, fc.constantFrom(["node"], ["gpu", "node"], ["master"])), {
    selector: ([each]) => each,
    minLength: 1,
    maxLength: 4,
  })
  .map((all) =>
    all.map(
      ([last, ssh, env, roles], at): Host => ({
        ip: `10.0.0.${last}`,
        roles: at === 0 ? ["master"] : roles,
        ssh,
        env,
        labels: {},
        taints: [],
      }),
    ),
  );

test("property: what is written is read as the same, but for secrets in clear, which become questions", () => {
  const asked = (_: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && "text" in value ? { from: "prompt" } : value;
  fc.assert(
    fc.property(hosts, fc.jsonValue(), fc.array(fc.string({ unit: "binary" })), (all, value, words) => {
      const cluster: Clusterfile = {
        file,
        name: "a",
        image: "a",
        hosts: all,
        commandArguments: words,
        settings: { value },
        configs: [],
        kubeadm: [],
        plugins: [],
        warnings: [],
      };
      const text = formatClusterfile(cluster);
      assert.doesNotMatch(text, /hunter2/);
      assert.deepEqual(JSON.parse(JSON.stringify(read(text))), JSON.parse(JSON.stringify(cluster, asked)));
    }),
    { numRuns: 150 },
  );
});

test("property: no text makes the readers throw; each gives a value or problems that stand in the file", () => {
  const words = [
    "kind: Cluster\n",
    "kind: Plugin\n",
    "kind: Config\n",
    "metadata: { name: a }\n",
    "spec:\n",
    "  hosts: [{ ips: [10.0.0.1], roles: [master] }]\n",
    "  image: a\n",
  ];
  const more = [
    "  type: SHELL\n",
    "  on: master\n",
    "  true: x\n",
    "  data: |\n    {{ .A }}\n",
    "  layer: cluster\n",
    "---\n",
    "...\n",
    "&a ",
    "*a ",
    "<<: *a\n",
    "? [a]\n",
    "%YAML 1.1\n",
    "\t",
    "  ssh: []\n",
    "null",
    "- ",
  ];
  const text = fc.oneof(
    fc.array(fc.constantFrom(...words, ...more), { maxLength: 14 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, (source) => {
      for (const reading of [readClusterfile(source, file), readPluginDocuments(source, file, { from: "clusterfile", file })]) {
        if (reading.ok) continue;
        assert.ok(reading.problems.length > 0, JSON.stringify(source));
        for (const { line, column } of reading.problems) assert.ok(line >= 1 && column >= 1 && line <= source.split("\n").length + 1);
      }
    }),
    { numRuns: 1500 },
  );
});

import { editorSchema, schemaComment, schemaFile } from "../editor-schema.ts";

/** The files of a new plug-in of the cluster layer, by name. It can be put into an image, and its test passes as it is. */
export function clusterTemplate(name: string): Readonly<Record<string, string>> {
  return {
    "plugin.yaml": manifest(name),
    [schemaFile]: editorSchema(),
    "plugin.ts": module(name),
    [`${name}.test.ts`]: unitTest(),
    "README.md": readme(name),
  };
}

const builtIn: ReadonlySet<string> = new Set(["CLUSTERCHECK", "ETCD", "HOSTNAME", "LABEL", "SHELL", "TAINT"]);

/** `kernel-label` -> `KERNEL_LABEL`. */
function typeOf(name: string): string {
  const type = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
  return /^[A-Z]/.test(type) && !builtIn.has(type) ? type : `PLUGIN_${type}`;
}

function manifest(name: string): string {
  return `${schemaComment}
apiVersion: outrigger.dev/v1
kind: Plugin
metadata:
  name: ${name}
  version: 1.0.0
  description: Labels each node with its host's kernel.
spec:
  layer: cluster
  cluster:
    type: ${typeOf(name)}
    entry: plugin.ts
    phases: [PostInstall, PostJoin, PostUpgrade]
    privileges: [exec, "kubernetes:write"]
  config:
    - group: settings
      items:
        - { name: LABEL, default: example.com/kernel, description: The label's key }
`;
}

/** What plug-ins import; this room itself does not. */
const sdk = "@outrigger/sdk";

function module(name: string): string {
  return `import { defineClusterPlugin } from "${sdk}";

${"export"} const pluginType = "${typeOf(name)}";

${"export"} default defineClusterPlugin({
  // Called again after a failure: a label that is right already is left alone.
  async run({ hosts, exec, kubernetes, values, log }) {
    const label = String(values.settings?.LABEL);
    for (const { ip } of hosts) {
      const { exit, stdout, stderr } = await exec(ip, "uname -r");
      if (exit !== 0) throw ${"new"} Error(\`\${ip}: \${stderr.trim()}\`);
      const kernel = stdout.trim().replace(/[^\\w.-]/g, "_");
      const node = await kubernetes.nodeOf(ip);
      if (node === undefined) throw ${"new"} Error(\`No node has the address \${ip}.\`);
      if (node.metadata.labels?.[label] === kernel) continue;
      await kubernetes.patch(\`/api/v1/nodes/\${node.metadata.name}\`, "merge", { metadata: { labels: { [label]: kernel } } });
      log.info(\`\${node.metadata.name} runs \${kernel}\`);
    }
  },
  // What \`onFailure: undo\` takes back.
  async undo({ hosts, kubernetes, values }) {
    const label = String(values.settings?.LABEL);
    for (const { ip } of hosts) {
      const node = await kubernetes.nodeOf(ip);
      if (node === undefined) continue;
      await kubernetes.patch(\`/api/v1/nodes/\${node.metadata.name}\`, "merge", { metadata: { labels: { [label]: null } } });
    }
  },
});
`;
}

function unitTest(): string {
  return `import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeHosts, fakeHosts, runClusterPlugin } from "${sdk}/cluster/test-kit";
import plugin from "./plugin.ts";

const call = { privileges: ["exec", "kubernetes:write"], values: { settings: { LABEL: "example.com/kernel" } } } as const;

test("each node gets its host's kernel, once", async (context) => {
  const hosts: FakeHosts = await fakeHosts(2);
  context.after(() => hosts.close());
  const first = await runClusterPlugin(plugin, { ...call, phase: "PostInstall", hosts });
  assert.equal(first.error, undefined);
  const labels = first.kubernetes.nodes().map(({ metadata }) => metadata.labels?.["example.com/kernel"]);
  assert.equal(labels.filter((label) => label !== undefined).length, 2);
  const again = await runClusterPlugin(plugin, { ...call, phase: "PostInstall", hosts, kubernetes: first.kubernetes });
  assert.deepEqual([again.error, again.log], [undefined, []]);
  const { kubernetes } = await runClusterPlugin(plugin, { ...call, phase: "PostInstall", method: "undo", hosts, kubernetes: first.kubernetes });
  assert.equal(kubernetes.nodes()[0]?.metadata.labels?.["example.com/kernel"], undefined);
});

test("a host that fails is named", async () => {
  const exec = () => ({ exit: 1, stderr: "no uname" });
  const { error } = await runClusterPlugin(plugin, { ...call, phase: "PostInstall", exec });
  assert.equal(error?.message, "10.0.0.1: no uname");
});
`;
}

function readme(name: string): string {
  return `# ${name}

Labels each node with the kernel that its host runs. Change \`plugin.ts\` to what you need; \`plugin.yaml\` says at which phases it runs and what it may do.

    outrigger plugin validate plugin.yaml
    node --test

The test needs no cluster: it runs on hosts in its own process (\`npm install @outrigger/sdk\` beside this folder).

Into an image, in its Kubefile: \`COPY plugin.yaml plugin.ts plugins/${name}/\`. Or into a Clusterfile, as a document of kind Plugin:

    metadata: { name: ${name} }
    spec: { package: ./${name}, values: { settings: { LABEL: example.com/kernel } } }
`;
}

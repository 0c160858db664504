import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTarget, type OriginFile, type PluginDocuments, placePluginProblem, readPluginDocuments } from "@outrigger/cluster";
import { formatProblem } from "@outrigger/plugin";

const origin: OriginFile = { from: "image", image: "tiny:1", path: "plugins/p.yaml" };

function read(text: string, from: OriginFile = origin): PluginDocuments {
  const reading = readPluginDocuments(text, "p.yaml", from);
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.map(formatProblem).join("\n"));
  return reading.value;
}

function given(text: string): Readonly<Record<string, unknown>> {
  const [document] = read(text).documents;
  assert.ok(document);
  const { targets, ...rest } = document.given;
  return { ...rest, ...(targets === undefined ? {} : { targets: targets.map(formatTarget) }) };
}

/** `line:column field message` of every mistake. */
function mistakes(text: string, from: OriginFile = origin): readonly string[] {
  const reading = readPluginDocuments(text, "p.yaml", from);
  assert.ok(!reading.ok, "it is read");
  return reading.problems.map(({ line, column, path, message, hint }) => `${line}:${column} ${path} ${message} ${hint ?? ""}`.trim());
}

const warned = (text: string): readonly string[] => read(text).warnings.map(({ line, message }) => `${line} ${message}`);

function plugin(spec: string, apiVersion = "sealer.aliyun.com/v1alpha1"): string {
  return `apiVersion: ${apiVersion}\nkind: Plugin\nmetadata:\n  name: one\nspec:\n${spec.replace(/^(?=.)/gm, "  ")}`;
}

test("Plugin documents: the seed's own, comments and all", () => {
  const text = `apiVersion: sealer.aliyun.com/v1alpha1
kind: Plugin
metadata:
  name: list_nodes.so # out of tree plugin name
spec:
  type: LIST_NODE # define your own plugin type.
  action: PostInstall # which stage will this plugin be applied.
`;
  const [document] = read(text).documents;
  assert.deepEqual(document, {
    name: "list_nodes.so",
    given: { type: "LIST_NODE", phases: ["PostInstall"] },
    origin: { ...origin, line: 1 },
  });
});

test("Plugin documents: each built-in type as Sealer's manual shows it", () => {
  assert.deepEqual(given(plugin("type: SHELL\naction: PostInstall\n'on': node-role.kubernetes.io/master=\ndata: |\n  kubectl get nodes")), {
    type: "SHELL",
    phases: ["PostInstall"],
    targets: ["node-role.kubernetes.io/master="],
    scoped: false,
    data: "kubectl get nodes\n",
  });
  assert.deepEqual(given(plugin("type: SHELL\naction: PreInit\non: 192.168.0.2-192.168.0.4 #or 192.168.0.2,192.168.0.3\ndata: id")), {
    type: "SHELL",
    phases: ["PreInit"],
    targets: ["192.168.0.2-192.168.0.4"],
    scoped: false,
    data: "id",
  });
  assert.equal(
    given(plugin("type: HOSTNAME\naction: PreInit\ndata: |\n  192.168.0.2 master-0\n  192.168.0.3 master-1"))["type"],
    "HOSTNAME",
  );
  assert.equal(given(plugin("type: LABEL\naction: PreGuest\ndata: |\n  192.168.0.2 ssd=true"))["data"], "192.168.0.2 ssd=true\n");
  assert.equal(given(plugin("type: Taint\naction: PreGuest\ndata: |\n  192.168.56.3 key5=:NoSchedule\n"))["type"], "TAINT");
  assert.deepEqual(given(plugin("type: CLUSTERCHECK\naction: PreGuest")), { type: "CLUSTERCHECK", phases: ["PreGuest"] });
  assert.deepEqual(given(plugin("type: ETCD\naction: PostInstall\non: /tmp/etcd.db")), {
    type: "ETCD",
    phases: ["PostInstall"],
    data: { path: "/tmp/etcd.db" },
  });
  assert.deepEqual(given(plugin("type: ETCD\naction: PostInstall\non: master0"))["targets"], ["master0"]);
});

test("Plugin documents: dialect B, its phases and `scope`", () => {
  assert.deepEqual(given(plugin("type: SHELL\naction: pre-init-host\nscope: master | node\ndata: |\n  set -x\n", "sealer.io/v1")), {
    type: "SHELL",
    phases: ["pre-init-host"],
    targets: ["master", "node"],
    scoped: true,
    data: "set -x\n",
  });
  assert.deepEqual(mistakes(plugin("type: SHELL\naction: pre-init-host\nscope: master/node\ndata: id")), [
    '8:10 spec.scope "master/node" is neither a role nor an IP address, range or label selector. To name several, write master | node.',
  ]);
});

test("Plugin documents: all fields of our own", () => {
  const text = plugin(
    `type: SHELL
action: [PreInit, PreJoin]
on: [master0, "10.0.0.1|disk=ssd"]
data: echo {{ .NAME }}
template: true
privileges: [exec, kubernetes:read]
timeout: 1h30m
retries: 3
retryDelay: 0
onFailure: undo
undo: rm -f /x
run: on-change
strict: false
parallel: 1
disabled: false`,
    "outrigger.dev/v1",
  );
  assert.deepEqual(given(text), {
    type: "SHELL",
    phases: ["PreInit", "PreJoin"],
    targets: ["master0", "10.0.0.1", "disk=ssd"],
    scoped: false,
    data: "echo {{ .NAME }}",
    template: true,
    privileges: ["exec", "kubernetes:read"],
    timeout: 5400,
    retries: 3,
    retryDelay: 0,
    onFailure: "undo",
    undo: "rm -f /x",
    run: "on-change",
    strict: false,
    parallel: 1,
    disabled: false,
  });
});

test("Plugin documents: several in a file, each with its line; empty ones don't count", () => {
  const { documents } = read(
    `---\n# the first\n${plugin("type: SHELL\naction: PreInit\ndata: a")}\n---\n---\n${plugin("type: ETCD").replace("one", "two")}\n---\n`,
  );
  assert.deepEqual(
    documents.map(({ name, origin: { line } }) => [name, line]),
    [
      ["one", 3],
      ["two", 13],
    ],
  );
});

test("Plugin documents: before Sealer 0.5.1 the name was the type, and several had it", () => {
  const old = (data: string): string =>
    `apiVersion: sealer.aliyun.com/v1alpha1\nkind: Plugin\nmetadata:\n  name: SHELL\nspec:\n  action: PreInit\n  data: ${data}\n`;
  const { documents } = read(`${old("a")}---\n${old("b")}`);
  assert.deepEqual(
    documents.map((document) => [document.name, document.given.type, document.given.data]),
    [
      ["SHELL", "SHELL", "a"],
      ["SHELL-2", "SHELL", "b"],
    ],
  );
});

test("Plugin documents: a forgotten `---` is one mistake that says so", () => {
  const text = `${plugin("type: SHELL\naction: PreInit\ndata: a")}\n${plugin("type: SHELL\naction: PreJoin\ndata: b")}`;
  assert.deepEqual(mistakes(text), ["9:1  This key stands twice in the same mapping. A line `---` is missing between two documents?"]);
  assert.deepEqual(mistakes(plugin("type: SHELL\ntype: ETCD")), ["7:3  This key stands twice in the same mapping. Remove one of the two."]);
});

test("Plugin documents: `on` that a YAML 1.1 tool has made a boolean of is said to be that", () => {
  assert.deepEqual(mistakes(plugin("type: SHELL\naction: PreInit\ntrue: master\ndata: a")), [
    "8:3 spec.true The key `true` is what YAML 1.1 makes of `on`. Quote it: 'on'.",
  ]);
  assert.match(mistakes(`%YAML 1.1\n---\n${plugin("type: SHELL\non: master")}`)[0] ?? "", /YAML 1\.1 makes of `on`/);
});

test("Plugin documents: unknown words are mistakes with line, column and the nearest right one", () => {
  const cases: readonly (readonly [string, string])[] = [
    [plugin("type: SHELL\naction: PostInstal\ndata: a"), '7:11 spec.action There is no action "PostInstal". Did you mean "PostInstall"?'],
    [
      plugin("type: SHELL\naction: UpgradeHost\ndata: a"),
      '7:11 spec.action There is no action "UpgradeHost". Did you mean "upgrade-host"?',
    ],
    [plugin("type: SHELL\naction: PreInit|\ndata: a"), "7:11 spec.action An action is empty. Name a phase, or several joined by `|`."],
    [plugin("type: SHELL\naction: PreInit|PreInit\ndata: a"), "7:11 spec.action The action PreInit stands twice."],
    [
      plugin("type: shell\naction: PreInit\ndata: a"),
      '6:9 spec.type "shell" is no type: it has capital letters, digits and underscores, e.g. SHELL or LIST_NODE. Did you mean SHELL?',
    ],
    [plugin("typ: SHELL"), '6:3 spec.typ There is no key "typ" here. Did you mean "type"?'],
    [plugin("type: SHELL\non: ''\ndata: a"), "7:7 spec.on No target is named; leave the field away to mean the phase's own hosts."],
    [
      plugin("type: SHELL\non: master\nscope: node\ndata: a"),
      "8:10 spec.scope Both `on` and `scope` say where it runs. Remove one of the two.",
    ],
    [
      plugin("type: ETCD\non: /x\ndata: {path: /y}"),
      "8:9 spec.data Both `on` and `data` say the path of the backup. Remove one of the two.",
    ],
    [plugin("type: SHELL\ntimeout: soon"), "7:12 spec.timeout A time is e.g. 30s, 5m, 1h30m or a number of seconds, from 1 s to 7 days."],
    [plugin("type: SHELL\nonFailure: stop"), '7:14 spec.onFailure "stop" is not among the values allowed: abort, continue, undo.'],
    [
      plugin("type: SHELL\nprivileges: [exe]"),
      '7:16 spec.privileges[0] "exe" is not among the values allowed: exec, exec:all, kubernetes:read, kubernetes:write, local. Did you mean "exec"?',
    ],
    [
      plugin("type: X\nentry: ../../etc/passwd"),
      '7:10 spec.entry "../../etc/passwd" lies outside the image. Name a file beside the document.',
    ],
    [plugin("type: X\nentry: /bin/sh"), '7:10 spec.entry "/bin/sh" lies outside the image. Name a file beside the document.'],
    [
      plugin("type: X\npackage: 'a b'"),
      '7:12 spec.package "a b" names no package. Write a reference such as example.org/team/list-nodes:1.0.0, or a folder with a plugin.yaml as ./list-nodes.',
    ],
    [
      plugin("type: SHELL", "sealer.io/v3"),
      '1:13 apiVersion "sealer.io/v3" is not among the values allowed: sealer.aliyun.com/v1alpha1, sealer.cloud/v2, sealer.io/v1, sealer.io/v2, outrigger.dev/v1. Did you mean "sealer.io/v1"?',
    ],
    [plugin("type: SHELL").replace("kind: Plugin", "kind: Plugins"), '2:7 kind There is no kind "Plugins". Did you mean "Plugin"?'],
    [
      plugin("type: SHELL").replace("one", "a b"),
      '4:9 metadata.name "a b" is no name: it has letters, digits, dots, dashes and underscores, begins with a letter or digit, and has at most 128 characters.',
    ],
    [
      plugin("type: SHELL\ntemplate: true\ndata: |\n  a\n  {{ .B"),
      "8:9 spec.data The template can't be read (line 2, column 1 of the data): This `{{` has no `}}`.",
    ],
  ];
  for (const [text, mistake] of cases) assert.deepEqual(mistakes(text), [mistake]);
  assert.deepEqual(mistakes(`${plugin("type: SHELL")}\n---\n${plugin("type: ETCD")}`), [
    '11:9 metadata.name The plug-in "one" stands twice (first in line 1). Give each a name of its own.',
  ]);
});

test("Plugin documents: files of what is not an image's stand beside the document", () => {
  const text = plugin("type: X\nentry: ./list.ts\npackage: ../pack");
  const entry = (from: OriginFile): string | undefined => read(text, from).documents[0]?.given.entry?.path;
  assert.equal(entry({ from: "clusterfile", file: "/home/a/Clusterfile" }), "/home/a/list.ts");
  assert.deepEqual(mistakes(text, { from: "folder", file: "/p/plugin.yaml" }).length, 1, "a package stays in its folder");
  assert.equal(read(plugin("type: X\nentry: ./list.ts")).documents[0]?.given.entry?.path, "plugins/list.ts");
});

test("Plugin documents: what Sealer did otherwise is a warning, and what was meant is done", () => {
  assert.deepEqual(warned(plugin("type: SHELL\naction: PreInit | PreJoin\ndata: a")), [
    "7 Sealer did nothing at actions with spaces beside `|`. Here they count.",
  ]);
  assert.deepEqual(warned(plugin("type: SHELL\naction: PreInstall\ndata: a")), [
    "7 Sealer never came to PreInstall. Here it has a moment: The first master is up; the other hosts have not joined.",
  ]);
  assert.deepEqual(warned(plugin("type: LABEL\naction: PostInstall\non: master\ndata: 1.2.3.4 a=b")), [
    "7 Sealer ran LABEL at PreGuest alone. Here it runs at PostInstall, too.",
    "8 Sealer heeded `on` for SHELL alone. Here LABEL is for these hosts only.",
  ]);
  assert.deepEqual(warned(plugin("type: HOSTNAME\naction: PreInit|PostInstall\ndata: 1.2.3.4 a")), [
    "7 Sealer ran HOSTNAME at PreInit and PreJoin alone. Here it runs at PostInstall, too.",
  ]);
  assert.deepEqual(warned(plugin("type: SHELL\naction: post-init-host|post-install\ndata: a", "sealer.io/v1")), [
    "7 Sealer 0.9 skipped post-init-host without a `scope`. Here it runs on all hosts of the operation.",
  ]);
  assert.deepEqual(warned(plugin("type: SHELL\naction: PreInit\non: role=master\ndata: a")), [
    "8 This is a label selector; Sealer before 0.5.1 read it as the role.",
  ]);
  assert.deepEqual(warned(plugin("type: SHELL\naction: PreInit\ndata: echo {{.PodCIDR}}")), [
    "8 Sealer 0.8 filled {{.PodCIDR}} in a Clusterfile from `env`. Here data stays as it is.",
  ]);
  assert.deepEqual(warned(plugin("type: SHELL\naction: PreInit\ntemplate: false\ndata: echo {{.PodCIDR}}")), []);
  assert.deepEqual(warned(plugin("type: SHELL\naction: PreInit\ndata: kubectl get -o go-template='{{range .items}}{{end}}'")), []);
  assert.deepEqual(warned(plugin("type: LABEL\naction: PostInstall|PreInstall\ndata: a", "outrigger.dev/v1")), []);
});

test("Plugin documents: a plugin.yaml of the layer cluster is one, with the settings it declares", () => {
  const manifest = `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: list-nodes, version: 1.0.0 }
spec:
  layer: cluster
  cluster:
    type: LIST_NODE
    entry: list.ts
    phases: [PostInstall]
    targets: [master, 10.0.0.1-10.0.0.9]
    privileges: [kubernetes:read]
  config:
    - group: list
      items: [{ name: WIDE, type: boolean, default: false }]
`;
  const [document] = read(manifest, { from: "folder", file: "/p/list-nodes/plugin.yaml" }).documents;
  assert.equal(document?.name, "list-nodes");
  assert.deepEqual(document.given.targets?.map(formatTarget), ["master", "10.0.0.1-10.0.0.9"]);
  assert.equal(document.given.entry?.path, "/p/list-nodes/list.ts");
  assert.deepEqual(
    document.settings?.map(({ group }) => group),
    ["list"],
  );
  assert.deepEqual(mistakes(manifest.replace("LIST_NODE", "SHELL")), ["7:11 spec.cluster.type The type SHELL is built in."]);
  assert.match(mistakes(manifest.replace("phases: [PostInstall]", "phases: [Post]"))[0] ?? "", /9:14 spec\.cluster\.phases\[0\]/);
});

test("Plugin documents: a problem found later still stands in its line", () => {
  const [document] = read(plugin("type: LABEL\naction: PreGuest\ndata: |\n  1.2.3.4 a")).documents;
  assert.ok(document);
  const problem = { path: ["spec", "data"], code: "wrong-value", message: "No label." } as const;
  assert.equal(formatProblem(placePluginProblem(document, problem)), "p.yaml:8:9: spec.data: No label.");
  const stored = structuredClone(document);
  assert.equal(formatProblem(placePluginProblem(stored, problem)), "image tiny:1 plugins/p.yaml:1:1: spec.data: No label.");
});

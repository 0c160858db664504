import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInTypes, type ClusterPlugin, type Host, type PluginType, type Target } from "@outrigger/cluster";
import { phaseNames } from "@outrigger/plugin";
import fc from "fast-check";
import { readNames } from "../src/plugins/built-in/hostname.ts";
import { readLabels } from "../src/plugins/built-in/label.ts";
import { readTaints } from "../src/plugins/built-in/taint.ts";
import { host, hosts, plugin } from "./support/hosts.ts";

const six = hosts(6);

function typeOf(name: string): PluginType {
  return builtInTypes.get(name) ?? assert.fail(name);
}

/** What `check` says, one line each. */
function problems(type: string, data: unknown, fields: Partial<ClusterPlugin> = {}, all: readonly Host[] = six): readonly string[] {
  return typeOf(type)
    .check(plugin(type, data, fields), all)
    .map(({ path, message, hint }) => {
      assert.ok(hint !== undefined && hint !== "", message);
      return `${path.join(".")}: ${message}`;
    });
}

const labels = (data: string, all: readonly Host[] = six): unknown =>
  Object.fromEntries([...readLabels(plugin("LABEL", data), all).changes].map(([ip, change]) => [ip, change.labels]));
const taints = (data: string): unknown =>
  Object.fromEntries([...readTaints(plugin("TAINT", data), six).changes].map(([ip, change]) => [ip, change.taints]));
const names = (data: string): unknown => Object.fromEntries(readNames(plugin("HOSTNAME", data), six).names);

test("LABEL: the formats of the reference, and removing", () => {
  assert.deepEqual(labels("10.0.0.1 ssd=true\n10.0.0.2 ssd=false,hdd=true\n"), {
    "10.0.0.1": { ssd: "true" },
    "10.0.0.2": { ssd: "false", hdd: "true" },
  });
  assert.deepEqual(labels("  10.0.0.1 \t ssd=true  \r\n# all\n\n10.0.0.1 tier=, zone- # trailing\n"), {
    "10.0.0.1": { ssd: "true", tier: "", zone: null },
  });
  assert.deepEqual(labels("10.0.0.1-10.0.0.3,10.0.0.6 a=1\n10.0.0.2 b=2 c=3"), {
    "10.0.0.1": { a: "1" },
    "10.0.0.2": { a: "1", b: "2", c: "3" },
    "10.0.0.3": { a: "1" },
    "10.0.0.6": { a: "1" },
  });
  assert.deepEqual(labels("10.0.0.1 , 10.0.0.2 node-role.kubernetes.io/gpu=,example.com/a.b_c-"), {
    "10.0.0.1": { "node-role.kubernetes.io/gpu": "", "example.com/a.b_c": null },
    "10.0.0.2": { "node-role.kubernetes.io/gpu": "", "example.com/a.b_c": null },
  });
  const six6 = [host("fd00::1", { roles: ["master"] }), host("fd00::a"), host("fd00::b")];
  assert.deepEqual(labels("fd00::0-fd00::a a=1\nFD00:0:0::B b=2", six6), {
    "fd00::1": { a: "1" },
    "fd00::a": { a: "1" },
    "fd00::b": { b: "2" },
  });
  assert.deepEqual(problems("LABEL", "10.0.0.1-10.0.0.3 a=1\n10.0.0.2 a=1"), []);
});

test("LABEL: mistakes are named by their line", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["10.0.0.9 a=1", /^spec\.data: Line 1 of the data: 10\.0\.0\.9 is no host of the cluster\.$/],
    ["10.0.0.1 a=1\n10.0.1.1-10.0.1.9 a=1", /Line 2.*No host of the cluster is in 10\.0\.1\.1-10\.0\.1\.9/],
    ["10.0.0.3-10.0.0.1 a=1", /ends before it begins/],
    ["10.0.0.1-fd00::1 a=1", /addresses of two families/],
    ["node-1 a=1", /"node-1" is neither an address nor a range/],
    ["10.1 a=1", /"10\.1" is neither an address/],
    ["010.0.0.1 a=1", /is neither an address/],
    ["10.0.0.1", /ends after the address/],
    ["10.0.0.1 ssd", /"ssd" is neither key=value nor key-/],
    ["10.0.0.1 a=1,,b=2", /nothing between two commas/],
    ["10.0.0.1 a=1,", /nothing between two commas, or after the last/],
    ["10.0.0.1 -a=1", /"-a" is no name of a key/],
    ["10.0.0.1 A.b/c=1", /"A\.b" before the slash is no DNS name/],
    ["10.0.0.1 a/b/c=1", /more than one slash/],
    ["10.0.0.1 a=ü", /"ü" is no value/],
    [`10.0.0.1 a=${"x".repeat(64)}`, /at most 63/],
    ["10.0.0.1 a=1\n10.0.0.1-10.0.0.2 a=2", /Line 2.*10\.0\.0\.1 gets a in two ways: a=1 and a=2/],
    ["10.0.0.1 a=1,a-", /a=1 and a-/],
    ["# nothing\n\n", /no line that says anything/],
  ];
  for (const [data, expected] of wrong) {
    const [first = "none", ...more] = problems("LABEL", data);
    assert.match(first, expected, data);
    assert.deepEqual(more, [], data);
  }
  assert.match(problems("LABEL", undefined)[0] ?? "", /The data of LABEL is text/);
  assert.match(problems("LABEL", { a: 1 })[0] ?? "", /is text/);
  assert.equal(problems("LABEL", "10.0.0.9 a=1\n10.0.0.1 b").length, 2);
});

test("TAINT: the formats of the reference, and removing", () => {
  const data = `# the reference's own
10.0.0.1 key1=value1:NoSchedule
10.0.0.2,10.0.0.3 key2=value2:NoExecute
10.0.0.4-10.0.0.5 key3:PreferNoSchedule
10.0.0.6 key1:NoSchedule-
10.0.0.6 key2=value2:NoExecute-
10.0.0.6 key3-
`;
  const put = (key: string, effect: string, value: string | null): unknown => ({ key, effect, value });
  assert.deepEqual(taints(data), {
    "10.0.0.1": [put("key1", "NoSchedule", "value1")],
    "10.0.0.2": [put("key2", "NoExecute", "value2")],
    "10.0.0.3": [put("key2", "NoExecute", "value2")],
    "10.0.0.4": [put("key3", "PreferNoSchedule", "")],
    "10.0.0.5": [put("key3", "PreferNoSchedule", "")],
    "10.0.0.6": [put("key1", "NoSchedule", null), put("key2", "NoExecute", null), { key: "key3", value: null }],
  });
  assert.deepEqual(problems("TAINT", data), []);
  assert.deepEqual(problems("TAINT", "10.0.0.1-10.0.0.2 a=1:NoSchedule,a=2:NoExecute\n10.0.0.2 a=1:NoSchedule"), []);
});

test("TAINT: mistakes are named by their line", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["10.0.0.1 key=value", /names no effect: NoSchedule, PreferNoSchedule, NoExecute/],
    ["10.0.0.1 key:Nothing", /"Nothing" is no effect/],
    ["10.0.0.1 key:noschedule", /"noschedule" is no effect/],
    ["10.0.0.1 key=value-", /takes away a value without an effect/],
    ["10.0.0.1 :NoSchedule", /is no taint/],
    ["10.0.0.1 a=b=c:NoSchedule", /is no taint/],
    ["10.0.0.1 a:b:NoSchedule", /is no taint/],
    ["10.0.0.1 a b", /"a" names no effect/],
    ["10.0.0.1 a=1:NoSchedule\n10.0.0.1-10.0.0.3 a=2:NoSchedule", /Line 2.*10\.0\.0\.1 gets the taint a in two ways/],
    ["10.0.0.1 a=1:NoSchedule\n10.0.0.1 a-", /in two ways/],
  ];
  for (const [data, expected] of wrong) assert.match(problems("TAINT", data)[0] ?? "none", expected, data);
});

test("HOSTNAME: the format of the reference, forgiving of spaces, tabs and comments", () => {
  assert.deepEqual(names("10.0.0.1 master-0\n 10.0.0.2\t\tnode-1  \r\n# c\n10.0.0.3 a.example.com # the third\n"), {
    "10.0.0.1": "master-0",
    "10.0.0.2": "node-1",
    "10.0.0.3": "a.example.com",
  });
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["10.0.0.9 a", /no host of the cluster/],
    ["10.0.0.1 a b", /after the hostname "a" stands "b"/],
    ["10.0.0.1 under_score", /is no hostname/],
    ["10.0.0.1 -a", /is no hostname/],
    ["10.0.0.1 a..b", /is no hostname/],
    ["10.0.0.1 $(reboot)", /is no hostname/],
    ["10.0.0.1 10.0.0.1", /looks like an address/],
    [`10.0.0.1 ${"a".repeat(60)}.${"b".repeat(10)}`, /longer than 64/],
    ["10.0.0.1 a\n10.0.0.1 b", /Line 2.*10\.0\.0\.1 has a hostname already, a/],
    ["10.0.0.1 a\n10.0.0.2 A", /Line 2.*another host already/],
    ["10.0.0.1-10.0.0.2 a", /for one address/],
  ];
  for (const [data, expected] of wrong) assert.match(problems("HOSTNAME", data)[0] ?? "none", expected, data);
});

test("SHELL: a script, its variables, its place, and its undo", () => {
  const type = typeOf("SHELL");
  assert.ok(type.kind === "scripted");
  const [master = host("")] = [host("10.0.0.1", { roles: ["master"], env: { KEY: "a 'b'" } })];
  const script = plugin("SHELL", "set -x\necho $KEY", { undo: "rm x", strict: false });
  const place = { phase: "PreGuest", host: master, hosts: six } as const;
  assert.deepEqual(type.script(script, { ...place, rootfs: "/r" }), {
    text: "set -x\necho $KEY\n",
    env: { KEY: "a 'b'" },
    workingDirectory: "/r",
    strict: false,
    skipWithoutDirectory: false,
  });
  assert.equal(type.script(script, place)?.workingDirectory, undefined);
  assert.equal(type.undo?.(script, { ...place, rootfs: "/r" })?.text, "rm x\n");
  assert.equal(type.undo?.(plugin("SHELL", "true"), place), undefined);
  assert.deepEqual(problems("SHELL", "true", { undo: "false", strict: false }), []);
  assert.match(problems("SHELL", undefined)[0] ?? "", /^spec\.data: A SHELL plug-in has no script/);
  assert.match(problems("SHELL", ["a"])[0] ?? "", /is a script: text/);
  assert.match(problems("SHELL", "# only\n  # comments\n")[0] ?? "", /has no command/);
  assert.match(problems("SHELL", "a\0b")[0] ?? "", /NUL/);
  assert.match(problems("SHELL", "true", { undo: " " })[0] ?? "", /^spec\.undo: The script has no command/);
});

test("SHELL: braces stay as they are unless a template is asked for", () => {
  const type = typeOf("SHELL");
  assert.ok(type.kind === "scripted");
  const data = "kubectl get nodes -o go-template='{{.items}}'";
  assert.equal(type.script(plugin("SHELL", data), { phase: "PreGuest", host: host("10.0.0.1"), hosts: six })?.text, `${data}\n`);
});

test("templates are filled in where they are asked for, with a host's own variables, or with those of master0", () => {
  const type = typeOf("SHELL");
  assert.ok(type.kind === "scripted");
  const all = [host("10.0.0.1", { roles: ["master"], env: { DISK: "ssd" } }), host("10.0.0.2", { env: { DISK: "hdd" } })];
  const script = plugin("SHELL", "echo {{ .DISK }}", { template: true });
  const texts = all.map((each) => type.script(script, { phase: "PreGuest", host: each, hosts: all })?.text);
  assert.deepEqual(texts, ["echo ssd\n", "echo hdd\n"]);
  const labelled = plugin("LABEL", "10.0.0.2 disk={{ .DISK }}", { template: true });
  assert.deepEqual(readLabels(labelled, all).changes.get("10.0.0.2")?.labels, { disk: "ssd" });
  assert.match(problems("SHELL", "echo\n{{ .NONE }}", { template: true }, all)[0] ?? "none", /^spec\.data: Line 2, column 1: .*NONE/);
  assert.match(problems("LABEL", "10.0.0.2 a={{ .NONE }}", { template: true }, all)[0] ?? "none", /^spec\.data: Line 1, column 12: .*NONE/);
});

test("ETCD: a path, Sealer's way, or a mapping; on master0 alone", () => {
  const type = typeOf("ETCD");
  assert.ok(type.kind === "scripted");
  const env = (data: unknown): unknown => {
    const made = type.script(plugin("ETCD", data), { phase: "PreUpgrade", host: six[0] ?? host(""), hosts: six, rootfs: "/r" });
    const { BACKUP_PATH: path, BACKUP_KEEP: keep, BACKUP_ENDPOINTS: endpoints, BACKUP_KEY: key } = made?.env ?? {};
    return [path, keep, endpoints, key];
  };
  const local = "https://127.0.0.1:2379";
  assert.deepEqual(env(undefined), ["/var/backups/outrigger/etcd.db", "3", local, ""]);
  assert.deepEqual(env("/backup/etcd.db\n"), ["/backup/etcd.db", "3", local, ""]);
  const whole = { path: "/b/e", keep: 1, endpoints: "https://a:2379, https://b:2379", cacert: "/c", cert: "/d", key: "/k" };
  assert.deepEqual(env(whole), ["/b/e", "1", "https://a:2379 https://b:2379", "/k"]);
  assert.equal(type.script(plugin("ETCD", undefined), { phase: "PreUpgrade", host: six[1] ?? host(""), hosts: six }), undefined);
  assert.deepEqual([problems("ETCD", undefined), problems("ETCD", whole), problems("ETCD", "/backup/etcd.db")], [[], [], []]);
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    ["backup/etcd.db", /^spec\.data: `path` is the absolute path/],
    [{ path: "/backup/" }, /^spec\.data\.path: /],
    [{ path: "/a\nb" }, /^spec\.data\.path: /],
    [{ keep: 0 }, /^spec\.data\.keep: /],
    [{ keep: "3" }, /^spec\.data\.keep: /],
    [{ endpoints: [] }, /^spec\.data\.endpoints: /],
    [{ endpoints: ["127.0.0.1:2379"] }, /^spec\.data\.endpoints: /],
    [{ cert: "/c" }, /^spec\.data\.cert: `cert` and `key` belong together/],
    [{ folder: "/b" }, /^spec\.data\.folder: The data of ETCD has no `folder`/],
    [[1], /^spec\.data: The data of ETCD is a path, or a mapping/],
  ];
  for (const [data, expected] of wrong) assert.match(problems("ETCD", data)[0] ?? "none", expected, JSON.stringify(data));
});

test("CLUSTERCHECK: without data, or with namespaces", () => {
  for (const data of [undefined, { namespaces: ["kube-system", "ingress"] }, { namespaces: [] }])
    assert.deepEqual(problems("CLUSTERCHECK", data), []);
  for (const data of ["now", { namespaces: "kube-system" }, { namespaces: ["../secrets"] }, { namespaces: [], timeout: 3 }]) {
    assert.match(problems("CLUSTERCHECK", data)[0] ?? "none", /mapping with `namespaces`/, JSON.stringify(data));
  }
});

test("targets that have no meaning for a type are said", () => {
  const node: Target = { kind: "role", role: "node" };
  for (const [type, data] of [
    ["LABEL", "10.0.0.1 a=1"],
    ["TAINT", "10.0.0.1 a:NoSchedule"],
    ["CLUSTERCHECK", undefined],
  ] as const) {
    assert.match(problems(type, data, { targets: [node] })[0] ?? "none", /^spec\.on: A plug-in of the type [A-Z]+ has no targets: /, type);
    assert.deepEqual(problems(type, data, { targets: [{ kind: "master0" }] }), [], type);
  }
});

test("types that need the API can run wherever it is, and nowhere else; HOSTNAME before a host joins", () => {
  const without = (type: string): readonly string[] => phaseNames.filter((phase) => !typeOf(type).phases?.includes(phase));
  const notThere = ["Originally", "pre-install", "pre-init-host", "PreInit", "post-clean-host", "PostClean", "post-uninstall"];
  for (const type of ["LABEL", "TAINT", "CLUSTERCHECK", "ETCD"]) assert.deepEqual(without(type), notThere, type);
  assert.deepEqual(typeOf("HOSTNAME").phases, ["Originally", "pre-install", "pre-scaleup", "pre-init-host", "PreInit", "PreJoin"]);
  assert.equal(typeOf("SHELL").phases, undefined);
});

test("no text makes a reader throw, and what it takes is in Kubernetes' form", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("10.0.0.1", "10.0.0.1-10.0.0.4", "a=1", "a-", "k:NoSchedule", "k=v:NoExecute-", ",", "#", "-", "="),
  );
  const data = fc
    .array(
      fc.array(word, { maxLength: 4 }).map((words) => words.join(" ")),
      { maxLength: 5 },
    )
    .map((lines) => lines.join("\n"));
  const property = fc.property(data, (text) => {
    for (const type of ["SHELL", "HOSTNAME", "LABEL", "TAINT", "ETCD", "CLUSTERCHECK"]) problems(type, text);
    for (const { labels: all } of readLabels(plugin("LABEL", text), six).changes.values()) {
      for (const [key, value] of Object.entries(all)) assert.match(`${key}=${value ?? ""}`, /^[\w./-]+=[\w.-]*$/);
    }
  });
  fc.assert(property, { numRuns: 500 });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ClusterPlugin,
  formatClusterfile,
  formatOrigin,
  type Host,
  lintPlugins,
  mergeCluster,
  mergePlugins,
  type OriginFile,
  type PluginDocument,
  type PluginType,
  readClusterfile,
  readPackageFolders,
  readPluginDocuments,
  targetProblems,
} from "@outrigger/cluster";
import { formatProblem, OutriggerError } from "@outrigger/plugin";
import fc from "fast-check";

const image = (path: string): OriginFile => ({ from: "image", image: "tiny:1", path });
const clusterfile: OriginFile = { from: "clusterfile", file: "Clusterfile" };

function documents(text: string, origin: OriginFile): readonly PluginDocument[] {
  const reading = readPluginDocuments(text, origin.from === "image" ? origin.path : origin.file, origin);
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.map(formatProblem).join("\n"));
  return reading.value.documents;
}

/** `name: spec` as a document. */
const plugin = (name: string, spec: string): string => `kind: Plugin\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;
const shell = (name: string, more = ""): string => plugin(name, `type: SHELL, action: PostInstall, data: date${more}`);

function merge(...layers: Parameters<typeof mergePlugins>): readonly ClusterPlugin[] {
  const reading = mergePlugins(...layers);
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.map(formatProblem).join("\n"));
  return reading.value;
}

function mistakes(...layers: Parameters<typeof mergePlugins>): readonly string[] {
  const reading = mergePlugins(...layers);
  return reading.ok ? [] : reading.problems.map(formatProblem);
}

test("merging: the Clusterfile's fields lie over the image's, and both origins are kept", () => {
  const base = documents(shell("motd", ", on: master, timeout: 1m, retries: 2"), image("plugins/motd.yaml"));
  const over = documents(plugin("motd", "data: uptime, scope: node, onFailure: continue"), clusterfile);
  const [merged] = merge(base, over);
  assert.deepEqual(merged, {
    name: "motd",
    type: "SHELL",
    phases: ["PostInstall"],
    targets: [{ kind: "role", role: "node" }],
    scoped: true,
    data: "uptime",
    template: false,
    privileges: [],
    timeout: 60,
    retries: 2,
    retryDelay: 5,
    onFailure: "continue",
    run: "always",
    strict: true,
    disabled: false,
    origin: { ...clusterfile, line: 1 },
    overrides: { ...image("plugins/motd.yaml"), line: 1 },
  });
  assert.equal(formatOrigin(merged.origin), "Clusterfile:1");
});

test("merging: the image's come first, then folders', then those of the Clusterfile alone; `disabled` stays in the list", () => {
  const base = [...documents(shell("b"), image("plugins/b.yaml")), ...documents(shell("a"), image("plugins/c.yaml"))];
  const over = documents(`${shell("z")}---\n${plugin("b", "disabled: true")}---\n${shell("y")}`, clusterfile);
  const folder = documents(`${shell("f")}---\n${plugin("a", "data: folder")}`, { from: "folder", file: "/p/f.yaml" });
  const merged = merge(base, over, folder);
  assert.deepEqual(
    merged.map(({ name, disabled }) => `${name}${disabled ? " disabled" : ""}`),
    ["b disabled", "a", "f", "z", "y"],
  );
  assert.equal(merged[1]?.data, "folder");
});

test("merging: the same said twice in an image counts once, something else of the same name is a mistake", () => {
  const twice = [...documents(shell("a"), image("plugins/1.yaml")), ...documents(shell("a"), image("plugins/2.yaml"))];
  assert.equal(merge(twice, []).length, 1);
  const other = [...documents(shell("a"), image("plugins/1.yaml")), ...documents(shell("a", ", retries: 1"), image("plugins/2.yaml"))];
  assert.deepEqual(mistakes(other, []), [
    'plugins/2.yaml:2:19: metadata.name: The plug-in "a" stands twice (first in image tiny:1 plugins/1.yaml:1).\n    Give each a name of its own.',
  ]);
});

test("merging: what is missing, or too much, is said at its place", () => {
  const base = documents(shell("motd"), image("plugins/motd.yaml"));
  const cases: readonly (readonly [string, RegExp])[] = [
    [plugin("modt", "data: x"), /^Clusterfile:3:1: spec\.type: The plug-in "modt" has no type.*\n +Did you mean "motd"\?$/],
    [plugin("modt", "disabled: true"), /^Clusterfile:3:1: spec\.type: There is no plug-in "modt" to disable\.\n +Did you mean "motd"\?$/],
    [plugin("a", "type: LABEL, data: x"), /spec\.action: This plug-in has no action.*\n +LABEL usually has action: PreGuest/],
    [plugin("a", "type: SHELL, action: PreInit"), /spec\.data: A SHELL plug-in needs a script/],
    [plugin("motd", "data: ' '"), /^Clusterfile:3:15: spec\.data: A SHELL plug-in needs a script/],
    [plugin("a", "type: LIST_NODE, action: PreInit, undo: x"), /^Clusterfile:3:43: spec\.undo: `undo` is for SHELL/],
    [plugin("a", "type: TAINT, action: PreGuest, strict: false"), /spec\.strict: `strict` is for SHELL/],
    [plugin("motd", "entry: ./x.ts"), /spec\.entry: SHELL is built in and needs no code/],
    [plugin("a", "type: X, action: PreInit, values: { a: { B: 1 } }"), /spec\.values: There are no settings/],
    [plugin("a", "action: PreInit, package: ./none"), /spec\.package: There is no package .*\/none here/],
  ];
  for (const [text, said] of cases) {
    const found = mistakes(base, documents(text, clusterfile));
    assert.match(found[0] ?? "", said);
  }
  assert.deepEqual(
    mistakes(base, documents(plugin("a", "type: LABEL, disabled: true"), clusterfile)),
    [],
    "what never runs may be unfinished",
  );
});

const manifest = (name: string): string => `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: ${name}, version: 1.0.0 }
spec:
  layer: cluster
  cluster: { type: LIST_NODE, entry: list.ts, phases: [PostInstall], privileges: [kubernetes:read] }
  config:
    - group: list
      items:
        - { name: WIDE, type: boolean, default: false }
        - { name: SORT, type: single, options: [name, age], required: true }
`;

test("merging: a folder's plugin.yaml brings code and settings; the Clusterfile's document its values, setting by setting", () => {
  const folder = documents(manifest("list-nodes"), { from: "folder", file: "/p/plugin.yaml" });
  const base = documents(plugin("list-nodes", "values: { list: { SORT: name, WIDE: true } }"), image("plugins/l.yaml"));
  const over = documents(plugin("list-nodes", "values: { list: { SORT: age } }"), clusterfile);
  const [merged] = merge(base, over, folder);
  assert.equal(merged?.entry?.path, "/p/list.ts");
  assert.deepEqual(merged.privileges, ["kubernetes:read"]);
  assert.deepEqual(merged.values, { list: { WIDE: true, SORT: "age" } });
  assert.deepEqual(merge([], over, folder)[0]?.values, { list: { WIDE: false, SORT: "age" } });
  assert.match(mistakes([], [], folder)[0] ?? "", /spec\.values\.list\.SORT: SORT has no value/);
  const wrong = documents(plugin("list-nodes", "values: { list: { SORT: size } }"), clusterfile);
  assert.match(mistakes([], wrong, folder)[0] ?? "", /^Clusterfile:3:33: spec\.values\.list\.SORT: /);
});

test("merging: a value that is secret says where it is, and never is the secret itself", () => {
  const secret = manifest("list-nodes").replace("items:", "items:\n        - { name: TOKEN, type: secret }");
  const folder = documents(secret, { from: "folder", file: "/p/plugin.yaml" });
  const use = (token: string) => documents(plugin("list-nodes", `values: { list: { SORT: age, TOKEN: "${token}" } }`), clusterfile);
  const [merged] = merge([], use("env:LIST_TOKEN"), folder);
  assert.deepEqual(merged?.secretValues, [["list", "TOKEN"]]);
  const [mistake = ""] = mistakes([], use("hunter2"), folder);
  assert.match(mistake, /^Clusterfile:3:\d+: spec\.values\.list\.TOKEN: .*in clear/);
  assert.doesNotMatch(mistake, /hunter2/);
});

test("merging: several plug-ins can build on one package, which is none by itself", () => {
  const packed = documents(manifest("list-nodes"), { from: "folder", file: "/p/plugin.yaml" }).map((document) => ({
    ...document,
    given: { ...document.given, package: "example.org/list:1.0.0" },
  }));
  const use = (name: string, sort: string): string => plugin(name, `package: example.org/list:1.0.0, values: { list: { SORT: ${sort} } }`);
  const merged = merge([], documents(`${use("by-name", "name")}---\n${use("by-age", "age")}`, clusterfile), packed);
  assert.deepEqual(
    merged.map(({ name, type, values }) => [name, type, values?.["list"]?.["SORT"]]),
    [
      ["by-name", "LIST_NODE", "name"],
      ["by-age", "LIST_NODE", "age"],
    ],
  );
});

test("merging: packages that are folders are found, and a plugin.yaml is written back as what builds on its folder", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-files-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "plugin.yaml"), manifest("list-nodes"));
  const cluster = "kind: Cluster\nmetadata: { name: a }\nspec: { image: tiny:1, hosts: [{ ips: [10.0.0.1], roles: [master] }] }\n";
  const first = readClusterfile(cluster, "Clusterfile");
  assert.ok(first.ok);
  const [brought] = documents(manifest("list-nodes"), { from: "folder", file: join(folder, "plugin.yaml") });
  assert.ok(brought);
  const stored = { ...brought, given: { ...brought.given, values: { list: { SORT: "age" } } } };
  const again = readClusterfile(formatClusterfile({ ...first.value, plugins: [stored] }), "Clusterfile");
  assert.ok(again.ok);
  const packages = await readPackageFolders(again.value.plugins);
  assert.ok(packages.ok);
  const [merged] = merge([], again.value.plugins, packages.value);
  assert.deepEqual([merged?.name, merged?.type, merged?.values], ["list-nodes", "LIST_NODE", { list: { WIDE: false, SORT: "age" } }]);
  assert.equal(merged?.entry?.path, join(folder, "list.ts"));

  const missing = await readPackageFolders(documents(plugin("a", `package: ${folder}/none`), clusterfile));
  assert.ok(!missing.ok);
  assert.match(missing.problems.map(formatProblem).join(), /^Clusterfile:3:18: spec\.package: The package .*none can't be used: ENOENT/);
});

const host = (ip: string, ...roles: readonly string[]): Host => ({
  ip,
  roles,
  ssh: { user: "root", port: 22 },
  env: {},
  labels: {},
  taints: [],
});

test("targets that mean no host of the cluster are mistakes at their place", () => {
  const text = `${shell("a", ", on: masters")}---\n${shell("b", ", scope: node|gpu")}---\n${shell("c", ", on: '10.0.0.7,10.0.0.1,disk=ssd'").replace(",disk=ssd", "|disk=ssd")}`;
  const merged = merge([], documents(text, clusterfile));
  const problems = targetProblems(merged, [host("10.0.0.1", "master"), host("10.0.0.2", "node")]).map(formatProblem);
  assert.equal(problems.length, 3);
  assert.match(
    problems[0] ?? "",
    /^Clusterfile:3:59: spec\.on: No host of the cluster has the role masters \(plug-in a\)\.\n +Did you mean "master"\?/,
  );
  assert.match(problems[1] ?? "", /^Clusterfile:7:\d+: spec\.scope: No host of the cluster has the role gpu/);
  assert.match(problems[2] ?? "", /spec\.on: No host of the cluster is 10\.0\.0\.7/);
  assert.deepEqual(targetProblems(merge([], documents(shell("a", ", on: x, disabled: true"), clusterfile)), []), []);
});

test("a Clusterfile with its image: variables of the image lie under the hosts', and targets are left for later", () => {
  const reading = readClusterfile(
    `kind: Cluster\nmetadata: { name: a }\nspec: { image: tiny:1, env: [A=1], hosts: [{ ips: [10.0.0.1], roles: [master] }] }\n---\n${plugin("motd", "on: gpu")}`,
    "Clusterfile",
  );
  assert.ok(reading.ok);
  const merged = mergeCluster(reading.value, { plugins: documents(shell("motd"), image("plugins/m.yaml")), env: { A: "0", B: "2" } });
  assert.ok(merged.ok);
  assert.deepEqual(merged.value.hosts[0]?.env, { A: "1", B: "2" });
  assert.deepEqual(merged.value.plugins[0]?.targets, [{ kind: "role", role: "gpu" }]);
  assert.ok(!("file" in merged.value) && !("warnings" in merged.value));
});

test("lint: unknown types, phases that make no sense and wrong data, each in its line", () => {
  const label: PluginType = {
    kind: "called",
    type: "LABEL",
    phases: ["PreGuest"],
    privileges: [],
    check: () => [{ path: ["spec", "data"], code: "wrong-value", message: "No label." }],
    run: async () => {},
  };
  const get = (type: string): PluginType => {
    if (type === "LABEL") return label;
    throw new OutriggerError("plugin-type-unknown", 422, `No plug-in has the type ${type}.`, "Did you mean LABEL?");
  };
  const found = lintPlugins(
    documents(
      `${plugin("a", "type: LABLE, action: PreGuest")}---\n${plugin("b", "type: LABEL, action: Originally, data: x")}`,
      image("p.yaml"),
    ),
    { get },
  );
  assert.deepEqual(found.map(formatProblem), [
    "p.yaml:3:15: spec.type: No plug-in has the type LABLE.\n    Did you mean LABEL?",
    "p.yaml:7:30: spec.action: LABEL makes no sense at Originally.\n    It can run at PreGuest.",
    "p.yaml:7:48: spec.data: No label.",
  ]);
  assert.equal(lintPlugins(documents(plugin("a", "data: x"), image("p.yaml")), { get }).length, 1);
});

const name = fc.constantFrom("a", "b", "c", "d");
const spec = fc.record(
  {
    retries: fc.nat(9),
    data: fc.constantFrom("x", "y"),
    on: fc.constantFrom("master", "node"),
    disabled: fc.boolean(),
    timeout: fc.integer({ min: 1, max: 99 }),
  },
  { requiredKeys: [] },
);
const list = (origin: OriginFile): fc.Arbitrary<readonly PluginDocument[]> =>
  fc
    .uniqueArray(fc.tuple(name, spec), { selector: ([each]) => each, minLength: 1 })
    .map((each) =>
      documents(
        each
          .map(([of, fields]) =>
            JSON.stringify({ kind: "Plugin", metadata: { name: of }, spec: { type: "SHELL", action: "PreInit", data: "d", ...fields } }),
          )
          .join("\n---\n"),
        origin,
      ),
    );

test("property: merging is idempotent: what lies over itself, or over what it was merged from, changes nothing", () => {
  const plain = (plugins: readonly ClusterPlugin[]): unknown => plugins.map(({ origin: _, overrides: __, ...rest }) => rest);
  fc.assert(
    fc.property(list(image("p.yaml")), list(clusterfile), (base, over) => {
      assert.deepEqual(plain(merge(base, base)), plain(merge(base, [])));
      const once = merge(base, over);
      const again = once.map(({ name: of, origin, overrides: _, ...given }): PluginDocument => ({ name: of, given, origin }));
      assert.deepEqual(plain(merge(again, over)), plain(once));
    }),
    { numRuns: 60 },
  );
});

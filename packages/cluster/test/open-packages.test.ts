import assert from "node:assert/strict";
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type BroughtPlugin,
  type ClusterPlugin,
  formatOrigins,
  isOfOthers,
  mayUseMachine,
  mergePlugins,
  type OriginFile,
  openPackages,
  type PluginDocument,
  readPluginDocuments,
  restorePackages,
} from "@outrigger/cluster";
import { formatProblem, isOutriggerError } from "@outrigger/plugin";
import { type Layout, noPolicy, openStore, packFolder } from "@outrigger/registry";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { digestOfCode } from "../src/plugins/out-of-tree/code-digest.ts";

const manifest = (more = "privileges: [local]"): string => `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: list-nodes, version: 1.0.0 }
spec:
  layer: cluster
  cluster: { type: LIST_NODE, entry: src/list.ts, phases: [PostInstall], ${more} }
`;
const clusterfile: OriginFile = { from: "clusterfile", file: "Clusterfile" };
const plugin = (name: string, spec: string): string => `kind: Plugin\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;

function documents(text: string, origin: OriginFile = clusterfile): readonly PluginDocument[] {
  const reading = readPluginDocuments(text, "file" in origin ? origin.file : origin.path, origin);
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.map(formatProblem).join("\n"));
  return reading.value.documents;
}

interface Stand {
  readonly folder: string;
  readonly store: Layout;
  readonly options: NonNullable<Parameters<typeof openPackages>[1]>;
  /** Packs list-nodes into the store and gives its digest. */
  readonly pack: (name: string, code?: string) => Promise<string>;
}

async function stand(context: TestContext): Promise<Stand> {
  const folder = temporaryFolder(context);
  const store = await openStore(join(folder, "store"));
  return {
    folder,
    store,
    options: { store, cache: join(folder, "cache"), trust: noPolicy, pull: "never" },
    pack: async (name, code = "export default {};\n") => {
      write(folder, { "code/plugin.yaml": manifest(), "code/src/list.ts": code });
      return (await packFolder(join(folder, "code"), store, name)).descriptor.digest;
    },
  };
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

async function merged(own: readonly PluginDocument[], options: Stand["options"]): Promise<readonly ClusterPlugin[]> {
  const packages = await openPackages(own, options);
  assert.ok(packages.ok, packages.ok ? "" : packages.problems.map(formatProblem).join("\n"));
  const reading = mergePlugins([], own, packages.value);
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.map(formatProblem).join("\n"));
  return reading.value;
}

test("a package of the store is unpacked once per digest, and what builds on it is of others: local needs consent", async (context) => {
  const { folder, options, pack } = await stand(context);
  const digest = await pack("example.org/list:1");
  const own = documents(`${plugin("a", "package: example.org/list:1")}---\n${plugin("b", "package: example.org/list:1, on: master")}`);
  const [first, second] = await merged(own, options);
  assert.ok(first !== undefined && second !== undefined);
  const place = join(folder, "cache/cluster-packages", digest.replace(":", "-"));
  assert.equal(first.entry?.path, join(place, "src/list.ts"));
  assert.equal(formatOrigins(first), `Clusterfile:1, built on package example.org/list:1 (${digest.slice(0, 19)})`);
  assert.ok(isOfOthers(first) && isOfOthers(second));
  assert.ok(!mayUseMachine(first, []) && !mayUseMachine(first, ["b"]) && mayUseMachine(first, ["a"]));

  const later = await pack("example.org/list:1", "export default { run() {} };\n");
  assert.notEqual(later, digest);
  const [after] = await merged(own, options);
  assert.ok(after?.entry?.path.includes(later.replace(":", "-")), "the name means another package now");
});

test("a folder of one's own needs no consent, as one's own code needs none", async (context) => {
  const { folder, options } = await stand(context);
  write(folder, { "own/plugin.yaml": manifest(), "own/src/list.ts": "" });
  const [own] = await merged(documents(plugin("a", `package: ${folder}/own`)), options);
  assert.ok(own !== undefined && mayUseMachine(own, []));
  assert.equal(formatOrigins(own), `Clusterfile:1, built on ${folder}/own/plugin.yaml:1`);
});

test("a document that takes the package's code for its own, or its privileges, is still of the package", async (context) => {
  const { options, pack } = await stand(context);
  await pack("example.org/list:1");
  const [over] = await merged(documents(plugin("a", "package: example.org/list:1, entry: ./mine.ts, privileges: [local]")), options);
  assert.ok(over !== undefined && isOfOthers(over) && !mayUseMachine(over, []));
});

test("what a run was planned with is brought back by its digest, whatever the name means by now", async (context) => {
  const { store, options, pack } = await stand(context);
  await pack("example.org/list:1");
  const plugins = await merged(documents(plugin("a", "package: example.org/list:1")), options);
  const path = plugins[0]?.entry?.path ?? "";
  rmSync(options.cache ?? "", { recursive: true });
  await restorePackages(plugins, options);
  assert.ok(existsSync(path));

  await store.remove("example.org/list:1");
  await store.prune(0);
  rmSync(options.cache ?? "", { recursive: true });
  await assert.rejects(restorePackages(plugins, options), (error) => isOutriggerError(error) && error.code === "package-gone");
});

test("a reference never means a path of this machine, nor a folder of the image", async (context) => {
  const { options } = await stand(context);
  const named = documents(plugin("a", "package: plugins/list-nodes"));
  const missing = await openPackages(named, options);
  assert.match(
    missing.ok ? "" : missing.problems.map(formatProblem).join(),
    /^Clusterfile:3:18: spec\.package: .*docker\.io\/plugins\/list-nodes/,
  );
  const [inside] = documents(manifest(), { from: "image", image: "tiny:1", path: "plugins/list-nodes/plugin.yaml" });
  assert.ok(inside);
  const image = [{ ...inside, given: { ...inside.given, package: "plugins/list-nodes" } }];
  assert.equal(mergePlugins(image, named).ok, false);
});

test("an image's document can't name a package of a registry, and its folder counts for it alone", () => {
  const origin: OriginFile = { from: "image", image: "tiny:1", path: "plugins/a.yaml" };
  const reading = mergePlugins(documents(plugin("a", "package: example.org/list:1"), origin), []);
  assert.match(
    reading.ok ? "" : reading.problems.map(formatProblem).join(),
    /an image can't name a package of a registry.*\n.*outrigger unpack/,
  );
});

test("the content of code: its own folder whole, elsewhere the file and what it names, wherever they lie", async (context) => {
  const folder = temporaryFolder(context);
  const content = (place: string, path: string): Promise<string> =>
    digestOfCode({ path: join(folder, place, path), folder: join(folder, place), kind: "module", fromImage: false, fromPackage: false });
  const files = { "list.ts": 'import "./lib/a.ts";\n', "lib/a.ts": 'export * from "../b.ts";\n', "b.ts": "1", "other.ts": "1" };
  write(join(folder, "flat"), files);
  write(join(folder, "own"), { ...files, "plugin.yaml": manifest() });
  for (const [place, path, counts] of [
    ["flat", "list.ts", true],
    ["flat", "lib/a.ts", true],
    ["flat", "b.ts", true],
    ["flat", "other.ts", false],
    ["flat", "Clusterfile", false],
    ["own", "other.ts", true],
    ["own", "helper.py", true],
    ["own", "plugin.yaml", false],
    ["own", ".git/HEAD", false],
  ] as const) {
    const before = await content(place, "list.ts");
    assert.match(before, /^sha256:/);
    write(join(folder, place), {
      [path]: `${path === "list.ts" ? files["list.ts"] : path === "lib/a.ts" ? files["lib/a.ts"] : ""}// changed\n`,
    });
    assert.equal((await content(place, "list.ts")) !== before, counts, `${place}/${path}`);
  }
  const before = await content("own", "list.ts");
  cpSync(join(folder, "own"), join(folder, "copied"), { recursive: true });
  assert.equal(await content("copied", "list.ts"), before);
  chmodSync(join(folder, "own/helper.py"), 0o755);
  assert.notEqual(await content("own", "list.ts"), before);
});

test("consent is asked for all that others have made", () => {
  const own = { name: "a", type: "A", origin: { ...clusterfile, line: 1 }, privileges: ["local"] } satisfies BroughtPlugin;
  const others = { from: "package", package: "example.org/a:1", digest: "sha256:0", file: "/p/plugin.yaml", line: 1 } as const;
  assert.ok(mayUseMachine(own, []));
  for (const field of ["origin", "overrides", "base"] as const) assert.ok(!mayUseMachine({ ...own, [field]: others }, []), field);
  assert.ok(!mayUseMachine({ ...own, entry: { origin: others, path: "/p/a.ts" } }, []));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { applyConfigs, type ConfigDocument } from "@outrigger/cluster";
import { isOutriggerError } from "@outrigger/plugin";
import type { FileEntry, FileTree } from "@outrigger/registry";

interface Put {
  readonly kind?: FileEntry["kind"];
  readonly text?: string;
  readonly target?: string;
  readonly mode?: number;
}

/** A tree of the files given, with the folders on their way. */
function treeOf(files: Readonly<Record<string, string | Put>>): FileTree {
  const puts = new Map(Object.entries(files).map(([path, put]) => [path, typeof put === "string" ? { text: put } : put]));
  const folders = new Set([
    "",
    ...[...puts.keys()].flatMap((path) => path.split("/").map((_, index, all) => all.slice(0, index).join("/"))),
  ]);
  const common = { uid: 7, gid: 8, modified: 5 };
  const entries = [
    ...[...folders]
      .filter((path) => !puts.has(path))
      .map((path): FileEntry => ({ path, kind: "directory", mode: 0o750, size: 0, ...common })),
    ...[...puts].map(
      ([path, { kind = "file", text = "", target, mode = 0o640 }]: readonly [string, Put]): FileEntry => ({
        path,
        kind,
        mode,
        size: Buffer.byteLength(text),
        ...common,
        ...(target === undefined ? {} : { target }),
      }),
    ),
  ];
  const contentOf = (path: string): Buffer => Buffer.from(puts.get(path)?.text ?? "", "latin1");
  return {
    entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    content: async function* (entry) {
      yield contentOf(entry.path);
    },
    close: () => assert.fail("the caller's tree is closed by the caller"),
  };
}

async function contents(tree: FileTree): Promise<Readonly<Record<string, string>>> {
  const files = tree.entries.filter(({ kind }) => kind === "file");
  const read = files.map(
    async (entry) => [entry.path, Buffer.concat(await Array.fromAsync(tree.content(entry))).toString("latin1")] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

function config(path: string, data: unknown, more: Partial<ConfigDocument> = {}): ConfigDocument {
  const origin = { from: "clusterfile", file: "Clusterfile", line: 9 } as const;
  return { name: "one", path, data, strategy: "overwrite", process: [], template: false, origin, ...more };
}

async function applied(
  files: Readonly<Record<string, string | Put>>,
  configs: readonly ConfigDocument[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly files: Readonly<Record<string, string>>; readonly notes: readonly string[]; readonly tree: FileTree }> {
  const { tree, notes } = await applyConfigs(treeOf(files), configs, env);
  const read = await contents(tree);
  await tree.close();
  return { files: read, notes, tree };
}

function refused(files: Readonly<Record<string, string | Put>>, configs: readonly ConfigDocument[], message: RegExp): Promise<void> {
  return assert.rejects(applyConfigs(treeOf(files), configs, {}), (error) => isOutriggerError(error) && message.test(error.message));
}

test("configs: a file is written, or written over; mode and owner of one that was there stay", async () => {
  const { files, tree } = await applied({ "etc/a.yaml": "old", "bin/x": "binary" }, [
    config("etc/a.yaml", "new"),
    config("etc/deep/b", "b"),
  ]);
  assert.deepEqual(files, { "bin/x": "binary", "etc/a.yaml": "new", "etc/deep/b": "b" });
  const shown = Object.fromEntries(tree.entries.map(({ path, mode, uid, size }) => [path, [mode.toString(8), uid, size]]));
  assert.deepEqual(shown["etc/a.yaml"], ["640", 7, 3]);
  assert.deepEqual(shown["etc/deep/b"], ["644", 0, 1]);
  assert.deepEqual(shown["etc"], ["750", 7, 0], "a folder that was there keeps what it is");
  const paths = tree.entries.map(({ path }) => path);
  assert.deepEqual(paths, paths.toSorted());
});

test("configs: data can be a tree of values; it becomes YAML", async () => {
  const { files } = await applied({}, [config("etc/a.yaml", { a: [1, true], version: "1.10" })]);
  assert.equal(files["etc/a.yaml"], 'a:\n  - 1\n  - true\nversion: "1.10"\n');
});

test("configs: merge changes keys that are there, in every document of the file, keeps comments, and says what is not there", async () => {
  const file = "# kept\nkind: A\nspec: # too\n  mtu: 1\n  list: [1]\nempty:\n---\nkind: B\nspec:\n  mtu: 2\n";
  const data = "spec:\n  mtu: 1500\n  list: [2, 3]\n  none: { deep: 1 }\nempty: { a: b }\nother: x\nkind: { a: b }\n";
  const { files, notes } = await applied({ "etc/a.yaml": file }, [config("etc/a.yaml", data, { strategy: "merge" })]);
  assert.equal(
    files["etc/a.yaml"],
    "# kept\nkind:\n  a: b\nspec:\n  # too\n  mtu: 1500\n  list:\n    - 2\n    - 3\nempty:\n  a: b\n---\nkind:\n  a: b\nspec:\n  mtu: 1500\n",
  );
  assert.deepEqual(notes, [
    "The Config one changes spec.none.deep, which etc/a.yaml does not have; nothing was added.",
    "The Config one changes other, which etc/a.yaml does not have; nothing was added.",
  ]);
  const empty = await applied({ "a.yaml": "" }, [config("a.yaml", "a: 1", { strategy: "merge" })]);
  assert.deepEqual([empty.files["a.yaml"], empty.notes.length], ["", 1]);
  const mapping = await applied({ "a.yaml": "spec:\n  a: 1\n" }, [config("a.yaml", "spec: text", { strategy: "merge" })]);
  assert.equal(mapping.files["a.yaml"], "spec:\n  a: 1\n", "Sealer puts no value in a mapping's place");
  assert.equal(mapping.notes.length, 1);
});

test("configs: merging into nothing writes the data and says so; merging what is no YAML is refused", async () => {
  const { files, notes } = await applied({}, [config("etc/a.yaml", "a: 1", { strategy: "merge" })]);
  assert.equal(files["etc/a.yaml"], "a: 1");
  assert.equal(notes.length, 1);
  await refused(
    { "a.yaml": "a: [" },
    [config("a.yaml", "a: 1", { strategy: "merge" })],
    /^The Config document one \(Clusterfile:9\) can't be applied to a\.yaml: merge needs a file in YAML/,
  );
  await refused({ "a.yaml": "a: 1" }, [config("a.yaml", "- a", { strategy: "merge" })], /merge needs data that is a mapping/);
  await refused({ "a.yaml": "\xff\xfe" }, [config("a.yaml", "a: 1", { strategy: "merge" })], /is no text/);
});

test("configs: processes give what Sealer's own test expects", async () => {
  const data = "\nconfig:\n  usrname: root\n  passwd: xxx\n";
  const { files } = await applied({}, [config("etc/a.yaml", data, { process: ["value", "toJson", "toBase64"] })]);
  assert.equal(files["etc/a.yaml"], "config: eyJwYXNzd2QiOiJ4eHgiLCJ1c3JuYW1lIjoicm9vdCJ9\n");
  const whole = await applied({}, [config("a", "b: 1\na: [x]\n", { process: ["toJson"] }), config("b", "text", { process: ["toBase64"] })]);
  assert.deepEqual(whole.files, { a: '{"a":["x"],"b":1}', b: "dGV4dA==" });
});

test("configs: toSecret puts encoded keys into the Secret that is there, or makes one that only root reads", async () => {
  const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: mysql # name\ndata:\n  old: b2xk\n";
  const into = await applied({ "etc/s.yaml": secret }, [config("etc/s.yaml", "user: root\npassword: xxx\n", { process: ["toSecret"] })]);
  assert.equal(into.files["etc/s.yaml"], `${secret}  user: cm9vdA==\n  password: eHh4\n`);
  const fresh = await applied({}, [config("etc/s.yaml", "config: { a: 1 }", { process: ["value", "toJson", "toSecret"] })]);
  assert.equal(
    fresh.files["etc/s.yaml"],
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: one\ntype: Opaque\ndata:\n  config: eyJhIjoxfQ==\n",
  );
  assert.equal(fresh.tree.entries.find(({ path }) => path === "etc/s.yaml")?.mode, 0o600);
  await refused(
    { "a.yaml": "kind: Deployment\n" },
    [config("a.yaml", "a: b", { process: ["toSecret"] })],
    /toSecret needs a file that is one Secret/,
  );
  await refused(
    {},
    [config("a.yaml", "port: 3306", { process: ["toSecret"] })],
    /values that are text; write numbers and the like in quotes/,
  );
  await refused({}, [config("a.yaml", "a: [", { process: ["toJson"] })], /its data is not YAML/);
});

test("configs: templates are filled where asked, and *.tmpl of etc, charts and manifests beside themselves", async () => {
  const files = {
    "etc/a.conf.tmpl": "{{ .NAME }}",
    "manifests/sub/d.yaml.tmpl": 'port: {{ .PORT | default "8443" }}\n',
    "scripts/x.tmpl": "{{ .NAME }}",
    "etc/plain": "{{ .NAME }}",
  };
  const configs = [
    config("etc/c", "{{ .NAME }}"),
    config("etc/d", "{{ .NAME }}", { template: true }),
    config("etc/a.conf", "more: {{ .NAME }}", { strategy: "overwrite" }),
  ];
  const result = await applied(files, configs, { NAME: "tiny" });
  assert.deepEqual(result.files, {
    ...files,
    "manifests/sub/d.yaml": "port: 8443\n",
    "etc/a.conf": "more: {{ .NAME }}",
    "etc/c": "{{ .NAME }}",
    "etc/d": "tiny",
  });
  await refused({ "etc/a.tmpl": "a\n {{ .NONE }}" }, [], /^The template etc\/a\.tmpl:2:2 can't be filled in: NONE is not set/);
  await refused({}, [config("a", "{{ .NONE }}", { template: true })], /the data of the Config one, line 1, column 1/);
  await refused({ "etc/a.tmpl": "\xff" }, [], /it is no text file/);
});

test("configs: nothing is written through a link, over a folder, or under a file", async () => {
  const files = {
    outside: { kind: "symlink", target: "/etc" },
    "etc/link": { kind: "symlink", target: "/etc/shadow" },
    "etc/file": "x",
    "etc/folder/x": "x",
  } as const;
  await refused(files, [config("outside/passwd", "x")], /outside, in which it lies, is a symlink/);
  await refused(files, [config("etc/link", "x")], /etc\/link is there and is a symlink/);
  await refused(files, [config("etc/folder", "x")], /is a directory/);
  await refused(files, [config("etc/file/x", "x")], /etc\/file, in which it lies, is a file/);
  await refused({ "etc/a.tmpl": "x", "etc/a": { kind: "symlink", target: "/etc/shadow" } }, [], /etc\/a is there and is a symlink/);
  await refused({}, [config("a", "x"), config("a/b", "x")], /a, in which it lies, is a file/);
  await refused({}, [config("a/b", "x"), config("a", "x")], /a is there and is a directory/);
});

test("configs: without any the tree comes back as it is, and a hard link's template has the content of its file", async () => {
  const tree = treeOf({ "bin/x": "x" });
  assert.equal((await applyConfigs(tree, [], {})).tree.entries, tree.entries);
  const linked = await applied({ "etc/a.tmpl": "{{ .A }}", "etc/b.tmpl": { kind: "hardlink", target: "etc/a.tmpl" } }, [], { A: "1" });
  assert.deepEqual([linked.files["etc/a"], linked.files["etc/b"]], ["1", "1"]);
});

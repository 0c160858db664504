import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startRegistry } from "../../../tests/support/registry.ts";
import { folderWith, outrigger, type Ran } from "./run-outrigger.ts";

const manifest = (version: string): string => `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: quiet, version: ${version} }
spec:
  layer: engine
  engine: { entry: index.ts, hooks: [container.preCreate] }
`;
const code = `import { defineEnginePlugin } from "@outrigger/sdk";
export default defineEnginePlugin({ name: "quiet", hooks: { "container.preCreate": (input) => input } });
`;

interface Desk {
  readonly path: string;
  /** Runs a command that must end with 0. */
  readonly good: (...words: readonly string[]) => Promise<Ran>;
  readonly run: (...words: readonly string[]) => Promise<Ran>;
  readonly runWith: (env: Readonly<Record<string, string>>, ...words: readonly string[]) => Promise<Ran>;
}

/** A folder with a plug-in, and a store of its own. */
function desk(context: TestContext): Desk {
  const folder = folderWith({
    "quiet/plugin.yaml": manifest("1.0.0"),
    "quiet/index.ts": code,
    "next/plugin.yaml": manifest("2.0.0"),
    "next/index.ts": code,
  });
  context.after(() => folder[Symbol.dispose]());
  const own = {
    OUTRIGGER_PACKAGES: join(folder.path, "store"),
    OUTRIGGER_ENGINE_PLUGINS: join(folder.path, "plugins"),
    OUTRIGGER_ENGINE_STATE: join(folder.path, "state"),
    NO_COLOR: "1",
  };
  const runWith: Desk["runWith"] = (env, ...words) => outrigger(words, { cwd: folder.path, env: { ...own, ...env } });
  const run: Desk["run"] = (...words) => runWith({}, ...words);
  const good: Desk["good"] = async (...words) => {
    const ran = await run(...words);
    assert.equal(ran.code, 0, `outrigger ${words.join(" ")}\n${ran.stdout}${ran.stderr}`);
    return ran;
  };
  return { path: folder.path, good, run, runWith };
}

test("a plug-in goes from its folder to a registry and back, with its signature and always with one digest", async (context) => {
  const { good, run, path } = desk(context);
  const { host } = await startRegistry(context);
  const remote = `${host}/tools/quiet:1.0.0`;
  const { stdout: digest } = await good("pack", "quiet");
  assert.match(digest, /^sha256:[0-9a-f]{64}\n$/);
  await good("sign", "quiet:1.0.0", "--generate-key", "release.key");
  assert.equal((await good("push", "quiet:1.0.0", remote)).stdout, digest);
  assert.match((await good("push", "quiet:1.0.0", remote)).stderr, /everything was there already/);
  await good("packages", "--remove", "quiet:1.0.0");
  assert.match((await good("packages")).stdout, /None/);
  assert.equal((await good("pull", remote, "--as", "again:1")).stdout, digest);
  assert.match((await good("verify", "again:1", "--key", "release.key.pub")).stdout, new RegExp(digest.trim()));
  assert.equal((await good("copy", remote, `${host}/mirror/quiet:1`)).stdout, digest);
  assert.equal((await good("copy", `${host}/mirror/quiet:1`, "oci:layout:1")).stdout, digest);
  const inspected = JSON.parse((await good("inspect", "oci:layout", "-o", "json")).stdout) as {
    layer: string;
    digest: string;
    signedBy: string[];
    plugin: { metadata: object };
  };
  assert.deepEqual([inspected.layer, `${inspected.digest}\n`, inspected.signedBy.length], ["engine", digest, 1]);
  assert.match((await good("inspect", "again:1")).stdout, /layer: +engine\nname: +quiet\nversion: +1\.0\.0/);
  await good("unpack", remote, "unpacked");
  assert.deepEqual(readdirSync(join(path, "unpacked")).toSorted(), ["index.ts", "plugin.yaml"]);
  assert.equal(readFileSync(join(path, "unpacked/index.ts"), "utf8"), code);

  const stranger = await run("sign", "--generate-key", "stranger.key");
  assert.equal(stranger.code, 0, stranger.stderr);
  const denied = await run("verify", "again:1", "--key", "stranger.key.pub");
  assert.deepEqual([denied.code, /signature-missing|no signature by a key that is accepted/.test(denied.stderr)], [1, true]);
  assert.equal((await run("verify", "again:1")).code, 2, "without a key nothing is proved");
  assert.equal((await run("unpack", remote, "unpacked")).code, 2);
  assert.equal((await run("pull", `${host}/tools/none:1`)).code, 2);
  const pinned = `${host}/tools/quiet@${digest.trim()}`;
  assert.equal((await good("pull", pinned)).stdout, digest);
  assert.match((await good("packages")).stdout, new RegExp(`${pinned} +engine`));
  assert.equal((await run("push", "again:1", pinned)).code, 2, "a digest is nothing that can be written to");
});

test("packages are saved for a machine without a network, and loaded there with their signatures", async (context) => {
  const [here, there] = [desk(context), desk(context)];
  await here.good("pack", "quiet");
  await here.good("pack", "next", "-t", "registry.example/tools/quiet:2");
  await here.good("sign", "quiet:1.0.0", "--generate-key", "key");
  const file = join(there.path, "all.tar");
  await here.good("save", "quiet:1.0.0", "registry.example/tools/quiet:2", "-o", file);
  assert.ok(!readdirSync(there.path).some((name) => name.endsWith(".part")));
  await there.good("load", "-i", file);
  const list = JSON.parse((await there.good("packages", "-o", "json")).stdout) as readonly {
    name: string;
    signedBy: readonly string[];
    digest: string;
  }[];
  assert.deepEqual(
    list.map(({ name, signedBy }) => [name, signedBy.length]),
    [
      ["quiet:1.0.0", 1],
      ["registry.example/tools/quiet:2", 0],
    ],
  );
  assert.match(
    (await there.run("inspect", `oci-archive:${file}`)).stderr,
    /docker\.io\/library\/quiet:1\.0\.0, registry\.example\/tools\/quiet:2/,
  );
});

test("trust.yaml: what is not signed as it asks is neither pulled, loaded, unpacked nor installed", async (context) => {
  const { good, runWith, path } = desk(context);
  const { host } = await startRegistry(context);
  const remote = `${host}/tools/quiet:1.0.0`;
  await good("pack", "quiet");
  await good("push", "quiet:1.0.0", remote);
  await good("save", "quiet:1.0.0", "-o", "quiet.tar");
  await good("sign", "--generate-key", "release.key");
  using policy = folderWith({
    "trust.yaml": `apiVersion: outrigger.dev/v1\nkind: TrustPolicy\nrules: [{ name: "**", require: signature, keys: [${path}/release.key.pub] }]\n`,
    "broken.yaml": "kind: TrustPolicy\n",
  });
  const env = { OUTRIGGER_TRUST: join(policy.path, "trust.yaml"), OUTRIGGER_PACKAGES: join(path, "other") };
  const commands = [
    ["pull", remote],
    ["load", "-i", "quiet.tar"],
    ["unpack", remote, "out"],
    ["engine", "plugins", "install", remote, "--grant", "all"],
  ];
  for (const words of commands) {
    const refused = await runWith(env, ...words);
    assert.deepEqual(
      [refused.code, /has no signature by a key that is accepted: there is none at all/.test(refused.stderr)],
      [1, true],
      refused.stderr,
    );
    assert.equal((await runWith({ ...env, OUTRIGGER_TRUST: join(policy.path, "broken.yaml") }, ...words)).code, 2);
    assert.notEqual((await runWith({ ...env, OUTRIGGER_TRUST: join(policy.path, "none.yaml") }, ...words)).code, 0);
  }
  assert.ok(!existsSync(join(path, "out")) && !existsSync(join(path, "plugins/quiet")));
  assert.match((await runWith(env, "packages")).stdout, /None/);
  await good("sign", `registry:${remote}`, "--key", "release.key");
  await good("sign", "quiet:1.0.0", "--key", "release.key");
  await good("save", "quiet:1.0.0", "-o", "quiet.tar");
  for (const words of commands) {
    const allowed = await runWith(env, ...words);
    assert.equal(allowed.code, 0, allowed.stderr);
    assert.match(allowed.stderr, /Signed by sha256:/);
  }
});

test("plug-ins of the engine are installed and upgraded from packages, of the store and of a registry", async (context) => {
  const { good, run, path } = desk(context);
  const { host } = await startRegistry(context);
  await good("pack", "quiet");
  await good("pack", "next");
  await good("push", "quiet:2.0.0", `${host}/tools/quiet:2.0.0`);
  await good("engine", "plugins", "install", "quiet:1.0.0", "--grant", "all");
  assert.equal(readFileSync(join(path, "plugins/quiet/plugin.yaml"), "utf8"), manifest("1.0.0"));
  await good("engine", "plugins", "upgrade", `${host}/tools/quiet:2.0.0`);
  assert.equal(readFileSync(join(path, "plugins/quiet/plugin.yaml"), "utf8"), manifest("2.0.0"));
  for (const words of ["mistyped", "./mistyped", "Mistyped!"]) {
    const refused = await run("engine", "plugins", "install", words);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /mistyped.* can't be read/i);
  }
});

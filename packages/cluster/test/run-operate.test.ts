import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import {
  abandonRun,
  adoptCluster,
  type Cluster,
  type ClusterFolder,
  type Clusterfile,
  type ClusterImage,
  clusterFolder,
  clusterNames,
  clusterPluginHost,
  clusterStatus,
  createSecrets,
  type FinishedRun,
  type Host,
  type HostConnections,
  makePlan,
  mergeCluster,
  type Operator,
  openRun,
  type PlanInput,
  type PluginDocument,
  planPlugin,
  readJournal,
  readState,
  resumeRun,
  runError,
  startRun,
} from "../src/index.ts";
import { lockCluster } from "../src/state/cluster-lock.ts";
import { type FakeHosts, fakeHosts, host, typesOf } from "./run-fakes.ts";

const image = {
  reference: "tiny:1",
  digest: "sha256:one",
  kind: "cluster",
  platforms: [{ os: "linux", architecture: "amd64" }],
  commands: [],
  env: {},
  labels: {},
  scripts: ["create.sh", "join.sh", "upgrade.sh", "rollback.sh", "clean.sh", "leave.sh"],
  plugins: [],
  containerImages: [],
  rootfs: async () => ({ entries: [], content: async function* () {}, close: async () => {} }),
  pluginFolder: async () => undefined,
  close: async () => {},
} as unknown as ClusterImage;

const three = [host("10.0.0.1", ["master"]), host("10.0.0.2"), host("10.0.0.3")];

function shell(name: string, more: PluginDocument["given"] = {}): PluginDocument {
  const origin = { from: "clusterfile", file: "Clusterfile", line: 3 } as const;
  return { name, given: { type: "SHELL", phases: ["PostInstall"], data: name, ...more }, origin };
}

function clusterfileOf(hosts: readonly Host[], plugins: readonly PluginDocument[] = [], reference = "tiny:1"): Clusterfile {
  return {
    file: "Clusterfile",
    name: "test",
    image: reference,
    hosts,
    commandArguments: [],
    settings: {},
    configs: [],
    kubeadm: [],
    plugins,
    warnings: [],
  };
}

interface Stage {
  readonly folder: ClusterFolder;
  readonly operator: (connections: HostConnections) => Operator;
  readonly wish: (operation: PlanInput["operation"], clusterfile: Clusterfile, more?: Partial<PlanInput>) => Parameters<typeof startRun>[1];
  readonly start: (connections: HostConnections, ...wish: Parameters<Stage["wish"]>) => Promise<FinishedRun>;
}

function stage(root: string, types = typesOf()): Stage {
  const folder = clusterFolder(root, "test");
  const operator = (connections: HostConnections): Operator => ({
    folder,
    connect: () => connections,
    report: () => {},
    secrets: createSecrets(),
    signal: new AbortController().signal,
  });
  const wish: Stage["wish"] = (operation, clusterfile, more = {}) => {
    const merged = mergeCluster(clusterfile, image);
    assert.ok(merged.ok);
    const input: PlanInput = { operation, cluster: merged.value, image, types, ...more };
    return { operation, input, plan: makePlan(input), clusterfile, grants: [], limit: 10 };
  };
  return {
    folder,
    operator,
    wish,
    start: (connections, ...given) =>
      startRun(operator(connections), wish(...given), { image: (given[2]?.image as ClusterImage) ?? image, types }),
  };
}

test("a cluster's life: its state changes with the last step of each operation, and a deletion forgets it", async (context) => {
  const root = temporaryFolder(context);
  const { folder, start } = stage(root);
  const connections = fakeHosts(three);
  await start(connections, "create", clusterfileOf(three.slice(0, 2)));
  const created = await readState(folder);
  assert.deepEqual(
    created?.cluster.hosts.map(({ ip }) => ip),
    ["10.0.0.1", "10.0.0.2"],
  );
  assert.equal(statSync(folder.state).mode & 0o777, 0o600);
  assert.deepEqual(await clusterNames(root), ["test"]);

  await start(connections, "join", clusterfileOf(three), { touched: ["10.0.0.3"] });
  assert.equal((await readState(folder))?.cluster.hosts.length, 3);
  assert.equal((await readState(folder))?.clusterfile.hosts.length, 3);

  const second = { ...image, reference: "tiny:2", digest: "sha256:two" };
  await start(connections, "upgrade", clusterfileOf(three, [], "tiny:2"), { image: second, imageBefore: "tiny:1" });
  const upgraded = await readState(folder);
  assert.deepEqual([upgraded?.image.digest, upgraded?.earlier.map(({ digest }) => digest)], ["sha256:two", ["sha256:one"]]);

  await start(connections, "rollback", clusterfileOf(three), { imageBefore: "tiny:2" });
  const back = await readState(folder);
  assert.deepEqual([back?.image.digest, back?.earlier], ["sha256:one", []]);

  await start(connections, "scale-down", clusterfileOf(three), { touched: ["10.0.0.2"] });
  const shrunk = await readState(folder);
  assert.deepEqual([shrunk?.cluster.hosts.length, shrunk?.clusterfile.hosts.length], [2, 2]);

  await start(connections, "delete", clusterfileOf(three));
  assert.equal(await readState(folder), undefined);
  assert.deepEqual(await clusterNames(root), []);
});

test("a run that fails leaves the state as it was; the next operation is refused until it is resumed or abandoned", async (context) => {
  const root = temporaryFolder(context);
  const { folder, operator, start } = stage(root);
  let broken = true;
  const connections = fakeHosts(three, { script: (_, text) => (text === "trouble" && broken ? 7 : 0) });
  const file = clusterfileOf(three, [shell("trouble")]);
  const failed = await start(connections, "create", file);
  const error = runError(failed);
  assert.match(
    error?.message ?? "",
    /PostInstall trouble on 10\.0\.0\.\d: its script ended with 7\.\n {4}\| trouble ends with 7\n {4}whole output: .*\.log/,
  );
  assert.match(error?.hint ?? "", /outrigger cluster resume test/);
  assert.equal(await readState(folder), undefined);
  await assert.rejects(start(connections, "create", file), { code: "run-open", message: /it has failed \(PostInstall\/trouble/ });
  const begun = connections.started.length;

  broken = false;
  const resumed = await resumeRun(operator(connections), async () => ({ parts: { image, types: typesOf() } }));
  assert.equal(resumed.result, "done");
  assert.deepEqual(
    connections.started.slice(begun).toSorted(),
    three.map(({ ip }) => `${ip} trouble`),
  );
  assert.equal((await clusterStatus(folder)).plugins[0]?.state, "healthy");
  await assert.rejects(
    resumeRun(operator(connections), async () => ({ parts: { image, types: typesOf() } })),
    { code: "run-none-open" },
  );

  broken = true;
  await start(connections, "join", file, { touched: ["10.0.0.3"] });
  assert.equal((await clusterStatus(folder)).open, undefined, "PostInstall does not come when hosts join");
  await start(connections, "create", file);
  await abandonRun(folder);
  assert.equal(await openRun(folder), undefined);
  const status = await clusterStatus(folder);
  assert.equal(status.plugins[0]?.state, "failing");
  assert.match(status.plugins[0]?.reason ?? "", /ended with 7/);
});

test("resume with a plan made anew: what was mended runs, and nothing that is done and would be the same", async (context) => {
  const root = temporaryFolder(context);
  const { operator, start, wish, folder } = stage(root);
  const connections = fakeHosts(three, { script: (_, text) => (text === "bad" ? 1 : 0) });
  const types = typesOf({ SHELL: dataShell });
  const same = stage(root, types);
  assert.equal(
    (await same.start(connections, "create", clusterfileOf(three, [shell("first"), shell("second", { data: "bad" })]))).result,
    "failed",
  );
  const before = connections.started.length;
  const mended = same.wish("create", clusterfileOf(three, [shell("first"), shell("second", { data: "good" })]));
  assert.equal((await resumeRun(operator(connections), async () => ({ parts: { image, types }, wish: mended }))).result, "done");
  assert.deepEqual(
    connections.started.slice(before).toSorted(),
    three.map(({ ip }) => `${ip} good`),
  );
  assert.equal((await readState(folder))?.cluster.plugins[1]?.data, "good");
  await start(fakeHosts(three, { script: () => 1 }), "upgrade", clusterfileOf(three), { imageBefore: "tiny:1" });
  await assert.rejects(
    resumeRun(operator(connections), async () => ({ parts: { image, types }, wish: wish("delete", clusterfileOf(three)) })),
    { code: "run-of-another-operation" },
  );
});

const dataShell = {
  type: "SHELL",
  kind: "scripted",
  check: () => [],
  script: ({ data }: { readonly data?: unknown }) => ({ text: String(data), env: {}, strict: true, skipWithoutDirectory: false }),
} as const;

test("what never got further than the connections can be resumed, and be begun anew as well", async (context) => {
  const { folder, operator, start } = stage(temporaryFolder(context));
  const away: FakeHosts = { ...fakeHosts(three), get: async () => Promise.reject(new TypeError("no route")) };
  const failed = await start(away, "create", clusterfileOf(three));
  assert.equal(failed.result, "failed");
  assert.equal(failed.isOpen, true);
  assert.equal((await start(away, "create", clusterfileOf(three))).result, "failed");
  const resumed = await resumeRun(operator(fakeHosts(three)), async () => ({ parts: { image, types: typesOf() } }));
  assert.equal(resumed.result, "done");
  assert.equal(await openRun(folder), undefined);
});

test("run: once is remembered over operations, also of a run that was abandoned, and no longer than the cluster lives", async (context) => {
  const { folder, start } = stage(temporaryFolder(context));
  let broken = true;
  const connections = fakeHosts(three, { script: (_, text) => (text === "last" && broken ? 1 : 0) });
  const file = clusterfileOf(three, [shell("only-once", { run: "once" }), shell("last")]);
  const times = (): number => connections.started.filter((line) => line === "10.0.0.1 only-once").length;
  await start(connections, "create", file);
  await abandonRun(folder);
  broken = false;
  await start(connections, "create", file);
  assert.equal(times(), 1);
  await start(connections, "create", file);
  assert.equal(times(), 1);
  await start(connections, "delete", file);
  await start(connections, "create", file);
  assert.equal(times(), 2);
});

test("two commands never work on a cluster at once, and one that was killed holds nothing up", async (context) => {
  const folder = clusterFolder(temporaryFolder(context), "test");
  const program = `import { lockCluster } from ${JSON.stringify(join(import.meta.dirname, "../src/state/cluster-lock.ts"))};
    lockCluster(${JSON.stringify(folder)}, "join"); process.stdout.write("locked"); setInterval(() => {}, 1e6);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(other.stdout, "data");
  assert.throws(() => lockCluster(folder, "delete"), { code: "cluster-busy", message: new RegExp(`join of process ${other.pid}`) });
  other.kill("SIGKILL");
  await once(other, "exit");
  lockCluster(folder, "delete")();
});

test("passwords in clear are written down nowhere", async (context) => {
  const root = temporaryFolder(context);
  const { start } = stage(root);
  const ssh = { user: "root", port: 22, password: { from: "text", text: "hunter2-hunter2" } } as const;
  const hosts = three.map((each) => ({
    ...each,
    ssh: { ...ssh, key: { path: "/key", passphrase: { from: "text", text: "hunter2-hunter2" } as const } },
  }));
  assert.equal((await start(fakeHosts(hosts), "create", clusterfileOf(hosts))).result, "done");
  const found = execFileSync("grep", ["-rl", "password", root], { encoding: "utf8" });
  assert.match(found, /cluster\.json/);
  assert.throws(() => execFileSync("grep", ["-r", "hunter2", root]), { status: 1 });
});

test("state of a newer version, of another cluster, or broken is refused by name, and adopting refuses foreign ones", async (context) => {
  const root = temporaryFolder(context);
  const { folder, start } = stage(root);
  const connections = fakeHosts(three);
  await start(connections, "create", clusterfileOf(three));
  const text = readFileSync(folder.state, "utf8");
  for (const [code, changed] of [
    ["cluster-state-newer", text.replace('"format": 1', '"format": 2')],
    ["cluster-state-invalid", text.replace('"name": "test"', '"name": "other"')],
    ["cluster-state-invalid", text.replace('"ip": "10.0.0.1"', '"ip": "../x"')],
    ["cluster-state-invalid", text.slice(0, -20)],
    ["cluster-state-invalid", text.replace('"format"', '"unknown": 1, "format"')],
  ] as const) {
    writeFileSync(folder.state, changed);
    await assert.rejects(readState(folder), { code });
  }
  rmSync(folder.state);
  const master = await connections.get("10.0.0.1");
  const keeping = { ...master, readFile: async () => Buffer.from(text) };
  await assert.rejects(adoptCluster(root, "test", { ...keeping, host: host("10.0.0.9") }), { code: "cluster-not-adoptable" });
  assert.equal(existsSync(folder.state), false);
  assert.equal((await adoptCluster(root, "test", keeping)).cluster.hosts.length, 3);
  await assert.rejects(adoptCluster(root, "test", keeping), { code: "cluster-known" });
  for (const name of ["../up", "", "A", "a/b", "-x"]) assert.throws(() => clusterFolder(root, name), { code: "cluster-name-invalid" });
});

test("plug-ins by hand and as a plug-in host: disabled, enabled, put in, taken out, run", async (context) => {
  const root = temporaryFolder(context);
  const { folder, start, operator } = stage(root);
  const connections = fakeHosts(three);
  await start(connections, "create", clusterfileOf(three, [shell("motd")]));
  const plugins = clusterPluginHost({ folder: root, locate: async (name) => [shell(name)] });
  assert.deepEqual(
    (await plugins.list()).map(({ plugin, state }) => [plugin, state]),
    [["motd", "healthy"]],
  );
  assert.equal((await plugins.disable("test", "motd", true)).changes[0]?.kind, "hot");
  assert.equal((await plugins.inspect("test", "motd")).state, "healthy");
  await plugins.disable("test", "motd", false);
  assert.equal((await plugins.disable("test", "motd", false)).changes[0]?.kind, "none");
  assert.equal((await plugins.inspect("test", "motd")).state, "disabled");
  const state = await readState(folder);
  const merged = mergeCluster(state?.clusterfile as Clusterfile, image);
  assert.equal(merged.ok && merged.value.plugins[0]?.disabled, true, "it stays so when image and Clusterfile are merged anew");
  await plugins.enable("test", "motd", false);
  await plugins.install({ plugin: "extra", version: "extra.yaml", target: "test", values: {}, grants: [] }, false);
  await assert.rejects(plugins.install({ plugin: "extra", version: "extra.yaml", target: "test", values: {}, grants: [] }, false), {
    code: "plugin-present",
  });
  assert.equal((await plugins.inspect("test", "extra")).state, "installed");
  await plugins.uninstall("test", "extra", false);
  await assert.rejects(plugins.inspect("test", "extra"), { code: "plugin-not-in-cluster" });

  const before = connections.started.length;
  const types = typesOf();
  const known = (await readState(folder))?.cluster as Cluster;
  const motd = known.plugins[0] as Cluster["plugins"][number];
  const { plan, input } = planPlugin({ cluster: known, image, types }, motd, undefined);
  const wish = { operation: "run", input, plan, clusterfile: clusterfileOf(three), grants: [], limit: 10 } as const;
  assert.equal((await startRun(operator(connections), wish, { image, types })).result, "done");
  assert.deepEqual(
    connections.started.slice(before).toSorted(),
    three.map(({ ip }) => `${ip} motd`),
  );
  assert.equal((await readState(folder))?.cluster.plugins.length, 1);
  assert.throws(() => planPlugin({ cluster: known, image, types }, motd, "PreInit"), { code: "phase-not-of-plugin" });
  const lines: string[] = [];
  for await (const line of plugins.logs("test", "motd", new AbortController().signal)) lines.push(line);
  assert.deepEqual(
    lines.toSorted(),
    three.map(({ ip }) => `${ip} | motd ends with 0`),
  );
});

test("what create.sh gives comes to join.sh as secrets, and neither into the journal nor into logs", async (context) => {
  const root = temporaryFolder(context);
  const { start } = stage(root);
  const given: Record<string, string>[] = [];
  const base = fakeHosts(three);
  const connections: HostConnections = {
    ...base,
    get: async (ip) => {
      const connection = await base.get(ip);
      return {
        ...connection,
        run: async (task, options) => {
          if (task.key.includes("join.sh")) given.push({ ...task.secrets });
          if (task.key.includes("create.sh"))
            assert.match(task.script.env["OUTRIGGER_OUTPUT"] ?? "", /^\/run\/outrigger\/outputs\/[0-9a-f]+$/);
          return connection.run(task, options);
        },
        exec: async () => ({ exit: 0, stdout: "TOKEN=secret-token-1\nKUBECONFIG=/etc/tiny.conf\n# a remark\n", stderr: "" }),
      };
    },
  };
  const finished = await start(connections, "create", clusterfileOf(three));
  assert.equal(finished.result, "done");
  assert.deepEqual(given, [{ TOKEN: "secret-token-1" }, { TOKEN: "secret-token-1" }]);
  assert.throws(() => execFileSync("grep", ["-r", "secret-token-1", root]), { status: 1 });
  const records = await readJournal(finished.run.journal);
  assert.deepEqual(
    records.flatMap((record) => (record.event === "kubeconfig" ? [record.path] : [])),
    ["/etc/tiny.conf"],
  );
  assert.equal((await readState(clusterFolder(root, "test")))?.kubeconfig, "/etc/tiny.conf");
});

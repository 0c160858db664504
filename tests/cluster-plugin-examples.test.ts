import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type ClusterPlugin,
  createPluginPrograms,
  discoverTypes,
  mergePlugins,
  pluginTypes,
  readPluginDocuments,
} from "@outrigger/cluster";
import type { ClusterContext } from "@outrigger/sdk";
import { fakeKubernetes } from "@outrigger/sdk/cluster/test-kit";
import { root } from "./support/sandbox.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** An example's copy, its plug-in found as a runner finds it, and called. */
async function example(context: TestContext, name: string, prepare: (folder: string) => void = () => {}) {
  const folder = temporaryFolder(context);
  chmodSync(folder, 0o755);
  cpSync(join(root, "examples", "cluster-plugins", name), folder, { recursive: true });
  prepare(folder);
  const file = join(folder, readdirSync(folder).find((each) => each.endsWith(".yaml")) ?? "");
  const reading = readPluginDocuments(readFileSync(file, "utf8"), file, { from: "folder", file });
  assert.ok(reading.ok, JSON.stringify(reading));
  const merged = mergePlugins([], [], reading.value.documents);
  assert.ok(merged.ok);
  const [plugin] = merged.value;
  assert.ok(plugin);
  const programs = createPluginPrograms({ state: folder });
  context.after(() => programs.close());
  const { types: found, problems } = await discoverTypes({ plugins: merged.value, builtIns: ["SHELL"], programs });
  assert.deepEqual(problems, []);
  const types = pluginTypes({ builtIns: new Map(), found, programs });
  context.after(() => types.close());
  const type = types.get(plugin.type);
  assert.ok(type.kind === "called");
  return { plugin, type };
}

function contextFor({ name, data }: ClusterPlugin, given: Partial<ClusterContext>, lines: string[]): ClusterContext {
  const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  return {
    name,
    run: "run-1",
    cluster: { name: "test", image: "kubernetes:v1.19.8", operation: "create", hosts: given.hosts ?? [] },
    hosts: [],
    data,
    values: {},
    kubernetes: fakeKubernetes(2).client,
    exec: () => Promise.reject(new TypeError("no hosts")),
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    deadline: Date.now() + 30_000,
    signal: new AbortController().signal,
    ...given,
  };
}

test("list-nodes, as the seed has it: list_nodes.so in the document finds list_nodes.ts and prints the nodes' names", async (context) => {
  const { plugin, type } = await example(context, "list-nodes");
  const lines: string[] = [];
  await type.run(plugin, contextFor(plugin, {}, lines), "PostInstall");
  assert.deepEqual([plugin.name, plugin.type, plugin.phases], ["list_nodes.so", "LIST_NODE", ["PostInstall"]]);
  assert.deepEqual(lines, ["info node-1", "info node-2", "debug 2 nodes at PostInstall"]);
});

test("the Python example looks at each host's room, refuses bad data, and fails where there is too little", async (context) => {
  const { plugin, type } = await example(context, "python");
  const lines: string[] = [];
  const exec: ClusterContext["exec"] = async (ip) => ({ exit: 0, stdout: ip === "10.0.0.2" ? "100\n" : "2048\n", stderr: "" });
  const host = (ip: string) => ({ ip, roles: ["node"], master0: false, env: {}, labels: {} });
  const call = { hosts: [host("10.0.0.1"), host("10.0.0.2")], exec };
  const enough = contextFor(plugin, { ...call, data: { gigabytes: 0.05 } }, lines);
  await type.run(plugin, enough, "Originally");
  assert.deepEqual(lines, ["info 10.0.0.1 has 2.0 GiB free under /var/lib", "info 10.0.0.2 has 0.1 GiB free under /var/lib"]);
  await assert.rejects(
    type.run(plugin, contextFor(plugin, { ...call, data: { gigabytes: 1 } }, []), "Originally"),
    /less than 1 GiB free under \/var\/lib on 10\.0\.0\.2$/,
  );
  await assert.rejects(type.run(plugin, contextFor(plugin, { ...call, data: "much" }, []), "Originally"), /data is `gigabytes: NUMBER`/);
});

const go = spawnSync("go", ["version"], { encoding: "utf8" });

test("the Go example is a program of its own, and names nodes that are not ready", {
  skip: go.status === 0 ? false : "there is no `go` here to build it with",
}, async (context) => {
  const { plugin, type } = await example(context, "go", (folder) => {
    const env = { ...process.env, GOCACHE: temporaryFolder(context), CGO_ENABLED: "0", GOFLAGS: "", GO111MODULE: "off" };
    execFileSync("go", ["build", "-o", "unready_nodes", "main.go"], { cwd: folder, env });
  });
  const lines: string[] = [];
  const kubernetes = fakeKubernetes([{ name: "a" }, { name: "b", ready: false }]).client;
  await type.run(plugin, contextFor(plugin, { kubernetes }, lines), "PostInstall");
  assert.deepEqual(lines, ["info b is not ready"]);
});

import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import {
  type BroughtPlugin,
  type ClusterPlugin,
  createPluginPrograms,
  type Discovery,
  discoverTypes,
  type PluginPrograms,
  type PluginTypes,
  pluginTypes,
  usualRules,
} from "@outrigger/cluster";
import { type ClusterContext, type ClusterHost, type KubernetesRequest, kubernetesClientOver } from "@outrigger/sdk";

/** Writes files into a folder of the test's own that everybody can look into. Names ending in `!` are executable. */
export async function folderOf(context: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-brought-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name.replace(/!$/, ""));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: name.endsWith("!") ? 0o755 : 0o644 });
  }
  return folder;
}

export function programsOf(context: TestContext, state: string, memory?: number): PluginPrograms {
  const programs = createPluginPrograms({ state, ...(memory === undefined ? {} : { memory }) });
  context.after(() => programs.close());
  return programs;
}

/** A plug-in whose document lies in a folder. */
export function pluginIn(folder: string, given: Partial<ClusterPlugin> & { readonly type: string }): ClusterPlugin {
  const origin = { from: "folder", file: join(folder, "plugin-document.yaml"), line: 3 } as const;
  return { ...usualRules, name: "some", phases: ["PostInstall"], targets: [], origin, ...given };
}

export function discover(
  context: TestContext,
  state: string,
  plugins: readonly BroughtPlugin[],
  more: { readonly imageFolder?: string; readonly grants?: readonly string[] } = {},
): Promise<Discovery> {
  return discoverTypes({ plugins, builtIns: ["SHELL"], programs: programsOf(context, state), ...more });
}

export interface Opened {
  readonly types: PluginTypes;
  readonly run: (context?: Partial<ClusterContext>, method?: "run" | "undo") => Promise<void>;
}

/** A plug-in whose code is the only file of its folder, ready to be called. */
export async function openPlugin(
  context: TestContext,
  files: Readonly<Record<string, string>>,
  given: Partial<ClusterPlugin> = {},
  memory?: number,
): Promise<Opened> {
  const folder = await folderOf(context, files);
  const plugin = pluginIn(folder, { type: "SOME", ...given });
  const programs = programsOf(context, folder, memory);
  const { types: found, problems } = await discoverTypes({ plugins: [plugin], builtIns: ["SHELL"], programs });
  if (problems.length > 0) throw new TypeError(JSON.stringify(problems, undefined, 1));
  const types = pluginTypes({ builtIns: new Map(), found, programs });
  context.after(() => types.close());
  const run: Opened["run"] = async (more = {}, method = "run") => {
    const type = types.get(plugin.type);
    if (type.kind !== "called") throw new TypeError("it is not called");
    await type[method]?.(plugin, { ...contextOf(), data: plugin.data ?? null, ...more }, "PostInstall");
  };
  return { types, run };
}

export interface Recorded extends ClusterContext {
  readonly lines: string[];
  readonly asked: KubernetesRequest[];
  readonly executed: (readonly [string, string])[];
}

const host = (ip: string, role: string): ClusterHost => ({ ip, roles: [role], master0: role === "master", env: {}, labels: {} });

/** A cluster of 10.0.0.1 (master) to 10.0.0.3, of which the call is for the first two. */
export function contextOf(seconds = 20): Recorded {
  const [lines, asked, executed]: [string[], KubernetesRequest[], (readonly [string, string])[]] = [[], [], []];
  const hosts = [host("10.0.0.1", "master"), host("10.0.0.2", "node"), host("10.0.0.3", "node")];
  const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  return {
    lines,
    asked,
    executed,
    name: "some",
    run: "run-1",
    cluster: { name: "test", image: "tiny:1", operation: "create", hosts },
    hosts: hosts.slice(0, 2),
    data: null,
    values: {},
    kubernetes: kubernetesClientOver(async (request) => {
      asked.push(request);
      const items = ["one", "two"].map((name) => ({ metadata: { name }, spec: {}, status: {} }));
      return { status: 200, body: { items, metadata: {} } };
    }),
    exec: async (ip, script) => {
      executed.push([ip, script]);
      return { exit: 0, stdout: `on ${ip}\n`, stderr: "" };
    },
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    deadline: Date.now() + seconds * 1_000,
    signal: new AbortController().signal,
  };
}

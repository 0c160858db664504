import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { JournalRecord } from "@outrigger/cluster";
import { execute, type Result, root } from "./sandbox.ts";
import { type SshHost, type SshHosts, sshHosts } from "./ssh-hosts.ts";

/** Hosts, and the command line with a store of images and a folder of clusters of its own. */
export interface ClusterStand extends SshHosts {
  /** Runs `outrigger cluster ...` in the stand's folder. */
  readonly cluster: (...words: readonly string[]) => Promise<Result>;
  readonly clusterWith: (env: Readonly<Record<string, string>>, ...words: readonly string[]) => Promise<Result>;
  readonly env: Readonly<Record<string, string>>;
  /** Writes a file below the folder and returns its path. */
  readonly write: (path: string, text: string, mode?: number) => string;
  /** The journals of a cluster's runs, oldest first. */
  readonly journals: (cluster: string) => readonly (readonly JournalRecord[])[];
}

export async function clusterStand(context: TestContext, count: number): Promise<ClusterStand> {
  const made = await sshHosts(context, count);
  const work = join(made.folder, "work");
  mkdirSync(work);
  const env = { OUTRIGGER_PACKAGES: join(made.folder, "packages"), OUTRIGGER_CLUSTERS: join(made.folder, "clusters"), NO_COLOR: "1" };
  const clusterWith = (more: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Result> =>
    execute(join(root, "outrigger"), ["cluster", ...words], work, { ...env, ...more });
  return {
    ...made,
    env,
    clusterWith,
    cluster: (...words) => clusterWith({}, ...words),
    write: (path, text, mode = 0o644) => {
      const file = join(work, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode });
      return file;
    },
    journals: (cluster) => {
      const runs = join(env.OUTRIGGER_CLUSTERS, cluster, "runs");
      return readdirSync(runs)
        .sort()
        .map((run) => readFileSync(join(runs, run, "journal.jsonl"), "utf8"))
        .map((text) =>
          text
            .split("\n")
            .filter((line) => line !== "")
            .map((line) => JSON.parse(line) as JournalRecord),
        );
    },
  };
}

/** A Plugin document of the type SHELL. */
export function shellPlugin(name: string, action: string, data: string, more: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ apiVersion: "outrigger.dev/v1", kind: "Plugin", metadata: { name }, spec: { type: "SHELL", action, data, ...more } })}\n`;
}

/** Lines of a file on a host; none where it is not there. */
export function linesOf(host: SshHost, path: string): readonly string[] {
  return (host.read(path) ?? "").split("\n").filter((line) => line !== "");
}

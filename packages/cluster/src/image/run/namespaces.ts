import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { wordsOf } from "@outrigger/plugin";
import { clusterErrors } from "../../errors.ts";
import { rootScript } from "./root-script.ts";

export interface NamespaceRun {
  readonly kind: "own" | "host";
  /** A folder for what is needed meanwhile. */
  readonly folder: string;
  readonly rootfs: string;
  readonly workdir: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** How a run that went wrong ended. */
export interface RunFailure {
  readonly reason: string;
  /** The last lines that it wrote. */
  readonly lines: readonly string[];
}

const keptLines = 20;
const proxies = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
/** Where the ids of a run begin outside: nobody's, so that its root owns nothing of this machine. */
const firstId = 0x70000000;
const ids = 65_536;

/** What is added to the owners of files while a command runs on them; nothing for a plain user, who can only be root of what is theirs. */
export function idShift(): number {
  return process.getuid?.() === 0 ? firstId : 0;
}

/** Runs a command in its own user, mount, process and IPC namespaces, where it is root and nothing of this machine is to be written. @throws run-unavailable */
export async function runInNamespaces(run: NamespaceRun): Promise<RunFailure | undefined> {
  const root = join(run.folder, "root");
  await mkdir(root, { mode: 0o755 });
  const env = Object.fromEntries(proxies.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const words = ["--user", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--"];
  // Until the user map is written nothing in there has a right: the second bash begins after that.
  const wait = 'IFS= read -r _ && exec bash -c "$0" root-script "$@" </dev/null';
  const child = spawn("unshare", [...words, "bash", "-c", wait, rootScript, run.kind, root, run.rootfs, run.workdir, ...run.words], {
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...env, ...run.env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const lines: string[] = [];
  const ended = Promise.withResolvers<string | undefined>();
  child.once("error", (error) => ended.resolve(wordsOf(error)));
  child.once("close", (code, signal) => ended.resolve(code === 0 ? undefined : `it ended with ${signal ?? code}`));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      run.say(line);
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
    });
  }
  child.stdin.on("error", () => {});
  const { pid } = child;
  if (pid !== undefined) {
    try {
      await mapIds(pid);
      child.stdin.end("go\n");
    } catch (error) {
      child.kill("SIGKILL");
      await ended.promise;
      throw clusterErrors["run-unavailable"]({ reason: `user namespaces can't be used (${wordsOf(error)})` });
    }
  }
  const reason = await ended.promise;
  if (pid === undefined) throw clusterErrors["run-unavailable"]({ reason: reason ?? "unshare (util-linux) is missing" });
  return reason === undefined ? undefined : { reason, lines };
}

/** Makes the process root in its user namespace; waits until it has one. */
async function mapIds(pid: number): Promise<void> {
  const map =
    process.getuid?.() === 0 ? [`0 ${firstId} ${ids}`, `0 ${firstId} ${ids}`] : [`0 ${process.getuid?.()} 1`, `0 ${process.getgid?.()} 1`];
  const [users = "", groups = ""] = map;
  if (process.getuid?.() !== 0) await again(() => writeFile(`/proc/${pid}/setgroups`, "deny"));
  await again(() => writeFile(`/proc/${pid}/gid_map`, groups));
  await again(() => writeFile(`/proc/${pid}/uid_map`, users));
}

/** Before the process has its namespace, writing there is refused. */
async function again(work: () => Promise<void>): Promise<void> {
  for (let left = 100; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

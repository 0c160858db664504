import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
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

/** Runs a command in its own user, mount, process and IPC namespaces, where it is root and nothing of this machine is to be written. @throws run-instruction-unavailable */
export async function runInNamespaces(run: NamespaceRun): Promise<RunFailure | undefined> {
  const root = join(run.folder, "root");
  await mkdir(root, { mode: 0o755 });
  if (process.getuid?.() !== 0) return inside(["unshare", "--user", "--map-root-user"], root, run);
  const holder = await userNamespace();
  try {
    return await inside(["nsenter", `--user=/proc/${holder.pid}/ns/user`, "unshare"], root, run);
  } finally {
    holder.stdin.end();
  }
}

async function inside(begin: readonly string[], root: string, run: NamespaceRun): Promise<RunFailure | undefined> {
  const [program = "", ...first] = begin;
  const namespaces = ["--mount", "--pid", "--ipc", "--fork", "--kill-child", "--", "bash", "-c", rootScript, "root-script"];
  const proxy = Object.fromEntries(proxies.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const child = spawn(program, [...first, ...namespaces, run.kind, root, run.rootfs, run.workdir, ...run.words], {
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...proxy, ...run.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const ended = Promise.withResolvers<string | undefined>();
  child.once("error", (error) => ended.reject(unavailable(wordsOf(error))));
  child.once("close", (code, signal) => ended.resolve(code === 0 ? undefined : `it ended with ${signal ?? code}`));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      run.say(line);
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
    });
  }
  const reason = await ended.promise;
  if (reason === undefined) return undefined;
  if (lines.some((line) => line.startsWith("unshare: unshare failed"))) throw unavailable(lines.join(" "));
  return { reason, lines };
}

/** A process that does nothing but keep a user namespace, whose ids are nobody's outside; it ends with its input. */
async function userNamespace(): Promise<ChildProcessByStdio<Writable, null, null>> {
  const holder = spawn("unshare", ["--user", "cat"], { stdio: ["pipe", "ignore", "ignore"] });
  holder.stdin.on("error", () => {});
  const failed = new Promise<never>((_, reject) => {
    holder.once("error", (error) => reject(unavailable(wordsOf(error))));
    holder.once("exit", () => reject(unavailable("this kernel allows no user namespaces")));
  });
  failed.catch(() => {});
  const map = async (file: string): Promise<void> => {
    // Before the process has its namespace, writing there is refused.
    for (let left = 200; ; left -= 1) {
      try {
        return await writeFile(`/proc/${holder.pid}/${file}`, `0 ${firstId} ${ids}`);
      } catch (error) {
        if (left === 0) throw unavailable(`user namespaces can't be used (${wordsOf(error)})`);
        await sleep(10);
      }
    }
  };
  try {
    for (const file of ["gid_map", "uid_map"]) await Promise.race([map(file), failed]);
    return holder;
  } catch (error) {
    holder.kill("SIGKILL");
    throw error;
  }
}

function unavailable(reason: string): Error {
  return clusterErrors["run-instruction-unavailable"]({ reason });
}

import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { createInterface } from "node:readline";
import type { GitSource } from "@outrigger/plugin";
import { serverErrors } from "../errors.ts";
import type { Context } from "./context.ts";
import { packFolder } from "./pack.ts";

export interface GitRequest {
  readonly source: GitSource;
  /** Where to work; the clone is removed, the tar stays. */
  readonly folder: string;
  readonly limit: number;
  /** Allows `file://` and paths. */
  readonly localGit: boolean;
  readonly credentials: (host: string) => Promise<{ readonly username: string; readonly password: string } | undefined>;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Fetches one commit and packs its context folder into a tar.
 *
 * @throws git-refused, git-failed, context-unsafe, context-too-large; AbortError when cancelled
 */
export async function fetchGitContext(request: GitRequest): Promise<Context> {
  const { source, folder, signal } = request;
  const host = checkUrl(source.url, request.localGit);
  checkRef(source.ref);
  const work = await mkdtemp(join(folder, "git-"));
  try {
    const tree = join(work, "tree");
    await mkdir(tree);
    const env = await gitEnvironment(work, request, host);
    const git = (step: string, args: readonly string[]): Promise<void> =>
      runGit({ step, args, cwd: tree, env, signal, onLine: request.onLine });
    await git("init", ["init", "--quiet"]);
    await git("checkout", ["checkout", "--quiet", "--detach", await fetchRef(git, source)]);
    const root = await contextFolder(tree, source.context);
    return await packFolder(root, `${work}.tar`, request.limit);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

type Git = (step: string, args: readonly string[]) => Promise<void>;

/** Gives what to check out. Many servers give a commit by its hash only with the history that it is in. */
async function fetchRef(git: Git, { url, ref }: GitSource): Promise<string> {
  try {
    await git("fetch", ["fetch", "--depth=1", "--no-tags", "--", url, ref]);
    return "FETCH_HEAD";
  } catch (error) {
    if (!/^[0-9a-f]{7,64}$/.test(ref)) throw error;
    await git("fetch", ["fetch", "--", url, "+refs/*:refs/fetched/*"]);
    return ref;
  }
}

/** The host that credentials may be sent to; undefined for a local path. @throws git-refused */
function checkUrl(url: string, localGit: boolean): string | undefined {
  const refuse = (reason: string): Error => serverErrors["git-refused"]({ what: "The url", reason });
  if (/^[\w.-]+@[\w][\w.-]*:(?![-/])[\w./~+-]+$/.test(url)) return url.slice(url.indexOf("@") + 1, url.indexOf(":"));
  if (!URL.canParse(url)) {
    if (localGit && url.startsWith("/")) return undefined;
    throw refuse("it is no URL");
  }
  const { protocol, hostname, username, password } = new URL(url);
  if (protocol === "file:" && localGit) return undefined;
  if (!["https:", "http:", "ssh:"].includes(protocol)) throw refuse(`${protocol}// is not taken`);
  if (hostname === "" || hostname.startsWith("-") || username.startsWith("-")) throw refuse("its host has no usable name");
  if (password !== "" || (protocol !== "ssh:" && username !== "")) throw refuse("it holds credentials, which would show in every log");
  return hostname;
}

function checkRef(ref: string): void {
  if (/^[A-Za-z0-9_][\w./@+-]*$/.test(ref) && !ref.includes("..") && !ref.includes("@{")) return;
  throw serverErrors["git-refused"]({ what: `The ref ${JSON.stringify(ref)}`, reason: "it is no name of a branch, tag or commit" });
}

/** Credentials reach git through its environment and a helper that answers for one host only: never in arguments or URLs. */
async function gitEnvironment(work: string, request: GitRequest, host: string | undefined): Promise<NodeJS.ProcessEnv> {
  const credentials = host === undefined ? undefined : await request.credentials(host);
  const helper = join(work, "askpass");
  await writeFile(helper, askpass);
  await chmod(helper, 0o700);
  return {
    PATH: process.env["PATH"],
    HOME: work,
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: request.localGit ? "https:http:ssh:file" : "https:http:ssh",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "http.followRedirects",
    GIT_CONFIG_VALUE_0: "false",
    GIT_CONFIG_KEY_1: "core.hooksPath",
    GIT_CONFIG_VALUE_1: "/dev/null",
    GIT_ASKPASS: helper,
    ...(credentials && { OUTRIGGER_GIT_USERNAME: credentials.username, OUTRIGGER_GIT_PASSWORD: credentials.password }),
  };
}

const askpass = `#!/bin/sh
case "$1" in
  Username*) printf '%s\\n' "$OUTRIGGER_GIT_USERNAME" ;;
  *) printf '%s\\n' "$OUTRIGGER_GIT_PASSWORD" ;;
esac
`;

interface GitRun {
  readonly step: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

async function runGit({ step, args, cwd, env, signal, onLine }: GitRun): Promise<void> {
  signal.throwIfAborted();
  const child = spawn("git", args, { cwd, env, signal, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  ended.catch(() => undefined);
  let last = "no word of why";
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.trim() !== "") last = line.trim();
    onLine(line);
  }
  const code = await ended.catch((cause: Error) => {
    if (signal.aborted) throw cause;
    throw serverErrors["git-failed"]({ step, reason: cause.message }, { cause });
  });
  if (code !== 0) throw serverErrors["git-failed"]({ step, reason: last });
}

async function contextFolder(tree: string, context: string): Promise<string> {
  const refuse = (reason: string): Error => serverErrors["context-unsafe"]({ entry: JSON.stringify(context), reason });
  if (context.startsWith("/")) throw refuse("its path is absolute");
  const real = await realpath(join(tree, context)).catch(() => undefined);
  if (real === undefined) throw refuse("there is no such folder in the repository");
  const root = await realpath(tree);
  if (real !== root && !real.startsWith(root + sep)) throw refuse("it leads out of the repository");
  return real;
}

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readServerFile } from "./connect.ts";
import { cliErrors } from "./errors.ts";

export interface LocalServerOptions {
  readonly dataDir: string;
  readonly stateDir: string;
  /** Further arguments of `outrigger server`. */
  readonly args?: readonly string[];
}

export interface LocalServer {
  readonly url: string;
  readonly pid: number;
  /** False: it ran already. */
  readonly started: boolean;
  readonly log: string;
}

const patience = 20_000;

/** The local server, started in the background when none runs. @throws server-start-failed */
export async function ensureLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const log = join(options.stateDir, "server.log");
  const running = await runningServer(options.dataDir);
  if (running !== undefined) return { ...running, started: false, log };
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const child = spawnServer(options, log);
  let ended: string | undefined;
  child.once("exit", (code, signal) => {
    ended = `it ended with ${signal ?? `exit ${code}`}`;
  });
  child.once("error", (error) => {
    ended = error.message;
  });
  for (const start = Date.now(); Date.now() - start < patience && ended === undefined; await sleep(50)) {
    const server = await runningServer(options.dataDir);
    if (server === undefined) continue;
    child.unref();
    return { ...server, started: true, log };
  }
  if (ended === undefined) child.kill();
  throw cliErrors["server-start-failed"]({
    reason: ended ?? `it did not answer within ${patience / 1000} s`,
    log: lastLines(log, 10),
    file: log,
  });
}

/** Stops the local server and waits until it has ended; gives its process id, or undefined when none runs. */
export async function stopLocalServer(dataDir: string): Promise<number | undefined> {
  const server = await runningServer(dataDir);
  if (server === undefined) return undefined;
  process.kill(server.pid, "SIGTERM");
  const end = Date.now() + patience;
  while ((await runningServer(dataDir)) !== undefined) {
    if (Date.now() > end) throw cliErrors["server-stop-failed"]({ pid: server.pid, seconds: patience / 1000 });
    await sleep(50);
  }
  return server.pid;
}

/** The server that has written `server.json`, when it answers. */
export async function runningServer(dataDir: string): Promise<{ readonly url: string; readonly pid: number } | undefined> {
  const file = readServerFile(dataDir);
  if (file === undefined) return undefined;
  try {
    const response = await fetch(`${file.url}/api/v1/health`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok ? file : undefined;
  } catch {
    return undefined;
  }
}

function spawnServer(options: LocalServerOptions, log: string): ReturnType<typeof spawn> {
  const output = openSync(log, "a", 0o600);
  // node:sqlite warns that it is new; a log should not begin with that.
  const flags = [...new Set([...process.execArgv, "--disable-warning=ExperimentalWarning"])];
  const words = [...flags, process.argv[1] ?? "", "server", "--data-dir", options.dataDir, ...(options.args ?? [])];
  try {
    // Its own session: Ctrl-C in this terminal must not reach it.
    return spawn(process.execPath, words, { detached: true, stdio: ["ignore", output, output] });
  } finally {
    closeSync(output);
  }
}

function lastLines(file: string, count: number): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
}

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, closeSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type PluginDescription, protocolVariables, type RouteAnswer } from "@outrigger/sdk";
import { cleanEnvironment, confined, endingOf, killGroup, nodeRunner, watchMemory } from "@outrigger/sdk/process";
import { fault } from "../hooks/answers.ts";
import { reasonOf } from "../hooks/failures.ts";
import { checkDescription } from "./description.ts";
import type { Instance, Launch, Launcher } from "./instance.ts";
import { createSocketClient, type SocketClient } from "./socket-client.ts";

/** Runs a plug-in in a process of its own: see the SDK's protocol.ts for how the two speak. */
export const launchProcess: Launcher = async (launch, signal) => {
  const place = join(launch.run, randomBytes(4).toString("hex"));
  mkdirSync(place, { mode: 0o700 });
  if (launch.user !== undefined) chownSync(place, launch.user, launch.user);
  const socket = join(place, "s");
  const child = await start(launch, place, socket);
  const ended = endOf(child, launch, place);
  const client = createSocketClient(socket);
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined) killGroup(child.pid, "SIGTERM");
    const late = new AbortController();
    await Promise.race([ended, sleep(3_000, undefined, { signal: late.signal }).catch(() => {})]);
    late.abort();
    if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
    await ended;
    client.close();
  };
  try {
    const early = ended.then((reason): never => {
      throw fault(reason);
    });
    const time = AbortSignal.any([signal, AbortSignal.timeout(launch.patience)]);
    const description = await Promise.race([early, describe(client, time, launch.patience)]);
    await Promise.race([early, client.ask("POST", "/v1/settings", launch.settings, time)]);
    return instanceOf(child, client, description, ended, stop);
  } catch (error) {
    await stop();
    throw error;
  }
};

async function start(launch: Launch, place: string, socket: string): Promise<ChildProcess> {
  const node = launch.command === undefined ? await nodeRunner("@outrigger/sdk/run-plugin", launch.user, launch.run) : undefined;
  const module = join(launch.folder, launch.entry ?? "index.ts");
  const program =
    node === undefined ? (launch.command ?? []) : [node.program, "--no-warnings", ...heapLimits(launch.memory), node.runner, module];
  const [first, ...rest] = confined(program, launch.user);
  const child = spawn(first, rest, {
    cwd: launch.folder,
    env: { ...cleanEnvironment(place), [protocolVariables.socket]: socket, [protocolVariables.folder]: launch.folder },
    detached: true, // a process group of its own, which can be ended as one
    stdio: ["ignore", "pipe", "pipe", ...(node?.descriptor === undefined ? [] : [node.descriptor])],
  });
  if (node?.descriptor !== undefined) closeSync(node.descriptor);
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => launch.log(text));
  return child;
}

/** V8 collects garbage when its heap is full, which must be before the process has all of its memory: Node itself takes some 60 MiB. */
function heapLimits(memory: number): readonly string[] {
  return [`--max-old-space-size=${Math.max(24, Math.floor(memory / 2 / 1024 / 1024))}`, "--max-semi-space-size=8"];
}

/** Resolves when the process is gone, with all that it left behind. */
function endOf(child: ChildProcess, { memory }: Launch, place: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let reason: string | undefined;
  const unwatch =
    child.pid === undefined
      ? () => {}
      : watchMemory(child.pid, memory, (used) => {
          reason = `it used ${Math.round(used / 1024 / 1024)} MiB of memory, more than its ${Math.round(memory / 1024 / 1024)} MiB`;
          if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
        });
  const finish = (text: string): void => {
    unwatch();
    if (child.pid !== undefined) killGroup(child.pid, "SIGKILL"); // what it started itself
    void rm(place, { recursive: true, force: true }).then(() => resolve(reason ?? text));
  };
  child.once("error", (error) => finish(`it can't be started: ${error.message}`));
  child.once("exit", (code, signal) => finish(endingOf(code, signal)));
  return promise;
}

async function describe(client: SocketClient, signal: AbortSignal, patience: number): Promise<PluginDescription> {
  for (let last = "its socket is not there"; ; ) {
    if (signal.aborted) throw fault(`it did not answer within ${patience} ms: ${last}`);
    try {
      return checkDescription(await client.ask("GET", "/v1/plugin", undefined, signal));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ENOENT" && code !== "ECONNREFUSED" && !signal.aborted) throw error;
      if (!signal.aborted) last = reasonOf(error);
      await sleep(25, undefined, { signal }).catch(() => {});
    }
  }
}

function instanceOf(
  child: ChildProcess,
  client: SocketClient,
  description: PluginDescription,
  ended: Promise<string>,
  stop: () => Promise<void>,
): Instance {
  /** A connection that breaks is how a process's end is first seen; the reason comes a moment later. */
  const orEnd = async (error: unknown): Promise<never> => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!["ECONNRESET", "EPIPE", "ECONNREFUSED", "ENOENT"].includes(code)) throw error;
    const reason = await Promise.race([ended, sleep(200)]);
    throw typeof reason === "string" ? fault(reason) : error;
  };
  return {
    description,
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    call: (hook, { facts, deadline, input, signal }) =>
      client.ask("POST", `/v1/hooks/${hook}`, { facts, deadline, input }, signal).then((answer) => answer ?? {}, orEnd),
    route: (index, side, { facts, deadline, request, response, signal }) =>
      client
        .ask("POST", `/v1/routes/${index}/${side}`, { facts, deadline, request, response }, signal)
        .catch(orEnd) as Promise<RouteAnswer>,
    configure: async (settings) => void (await client.ask("POST", "/v1/settings", settings, AbortSignal.timeout(10_000))),
    alive: async () => {
      const answered = client.ask("GET", "/v1/plugin", undefined, AbortSignal.timeout(2_000));
      return answered.then(
        () => true,
        () => false,
      );
    },
    ended,
    stop,
  };
}

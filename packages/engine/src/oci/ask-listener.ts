import { watch } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import type { HookRecords, PluginHook } from "./hook-record.ts";
import { isContainerId } from "./hook-records.ts";

/** A container that is about to be made by the runtime, as its bundle tells. */
export interface BundleFacts {
  readonly containerId: string;
  /** The bundle's folder, absolute. */
  readonly bundle: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Clients may set these: nothing in them may be trusted. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface AskListenerOptions {
  /** That of the records; questions come as files in its folder `asks`. */
  readonly folder: string;
  readonly records: HookRecords;
  /**
   * The hooks of a container that starts without the gateway having seen it (a swarm task, or one made past the gateway). What is thrown refuses the start.
   * The engine holds the container's lock meanwhile: `GET /containers/json` answers, `GET /containers/ID/json` would wait for ever.
   */
  readonly answer: (facts: BundleFacts) => Promise<readonly PluginHook[]>;
  /** Told what went wrong where nobody waits for it. */
  readonly onError: (error: unknown) => void;
}

export interface AskListener {
  readonly close: () => Promise<void>;
}

/** Answers the questions of the runtime wrapper until it is closed. One at a time for each container; several containers at once. */
export async function createAskListener({ folder, records, answer, onError }: AskListenerOptions): Promise<AskListener> {
  const asks = join(folder, "asks");
  await mkdir(asks, { recursive: true, mode: 0o700 });
  const underway = new Map<string, Promise<void>>();

  const settle = async (containerId: string): Promise<void> => {
    const words = await answerOf(asks, containerId, records, answer);
    const part = join(asks, `${containerId}.part`);
    await writeFile(part, `${words}\n`, { mode: 0o600 });
    await rename(part, join(asks, `${containerId}.answer`));
  };
  const look = async (): Promise<void> => {
    for (const name of await readdir(asks)) {
      const containerId = basename(name, ".ask");
      if (!name.endsWith(".ask") || !isContainerId(containerId) || underway.has(containerId)) continue;
      // Taken away before it is answered: an answered question is never answered twice.
      const work = rename(join(asks, name), join(asks, `${containerId}.taken`))
        .then(() => settle(containerId))
        .catch(onError)
        .finally(() => underway.delete(containerId));
      underway.set(containerId, work);
    }
  };

  const watcher = watch(asks, () => void look().catch(onError));
  watcher.on("error", onError);
  await writeFile(join(asks, "listener"), `${process.pid}\n`, { mode: 0o600 });
  await look();
  return {
    close: async () => {
      watcher.close();
      await rm(join(asks, "listener"), { force: true });
      await Promise.all(underway.values());
    },
  };
}

/** `ok`, or `refuse` and why, in one line. */
async function answerOf(asks: string, containerId: string, records: HookRecords, answer: AskListenerOptions["answer"]): Promise<string> {
  try {
    const taken = join(asks, `${containerId}.taken`);
    const bundle = (await readFile(taken, "utf8")).trimEnd();
    await rm(taken, { force: true });
    await records.put(containerId, await answer(await readBundle(containerId, bundle)));
    return "ok";
  } catch (error) {
    return `refuse ${wordsOf(error).replaceAll(/\s+/g, " ")}`;
  }
}

/** @throws bundle-unreadable */
async function readBundle(containerId: string, bundle: string): Promise<BundleFacts> {
  const file = join(bundle, "config.json");
  try {
    const config: unknown = JSON.parse(await readFile(file, "utf8"));
    const { process: program, annotations } = config as {
      process?: { args?: readonly string[]; env?: readonly string[] };
      annotations?: Readonly<Record<string, string>>;
    };
    return { containerId, bundle, args: program?.args ?? [], env: program?.env ?? [], annotations: annotations ?? {} };
  } catch (error) {
    throw engineErrors["bundle-unreadable"]({ file, reason: wordsOf(error) }, { cause: error });
  }
}

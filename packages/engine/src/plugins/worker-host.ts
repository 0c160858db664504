import { join } from "node:path";
import { deserialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { wordsOf } from "@outrigger/plugin";
import type { HookAnswer, PluginDescription, RouteAnswer } from "@outrigger/sdk";
import { fault } from "../hooks/answers.ts";
import { checkDescription } from "./description.ts";
import type { Launch, Launcher } from "./instance.ts";
import type { WorkerQuestion, WorkerStart, WorkerWord } from "./worker-messages.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Question<Kind = WorkerQuestion["kind"]> = WorkerQuestion extends infer Each
  ? Each extends { kind: Kind }
    ? Omit<Each, "id">
    : never
  : never;

/** Runs a plug-in in a thread of the gateway with a heap of its own. A thread that hangs can be ended; one that is malicious can do what the gateway can. */
export const launchWorker: Launcher = async (launch, signal) => {
  const worker = startWorker(launch);
  const waiting = new Map<number, Waiting>();
  const { promise: described, resolve: describe, reject: undescribed } = Promise.withResolvers<PluginDescription>();
  let count = 0;
  let failure: string | undefined;
  const ended = new Promise<string>((resolve) => {
    worker.on("error", (error) => (failure = wordsOf(error)));
    worker.on("exit", (code) => {
      const reason = failure ?? `it ended with code ${code}`;
      for (const { reject } of waiting.values()) reject(fault(reason));
      waiting.clear();
      undescribed(fault(reason));
      resolve(reason);
    });
  });
  const hear = (word: WorkerWord): void => {
    if ("log" in word) launch.log(word.log);
    else if ("description" in word) describe(word.description);
    else {
      const asked = waiting.get(word.id);
      if ("failure" in word) asked?.reject(fault(word.failure));
      else asked?.resolve(deserialize(word.answer));
      waiting.delete(word.id);
    }
  };
  worker.on("message", (word) => {
    try {
      hear(word);
    } catch {
      // The plug-in's own code reaches the port as well.
      failure = "it sent a message that the gateway does not know";
      void worker.terminate();
    }
  });
  const ask = (question: Question, until: AbortSignal): Promise<unknown> => {
    const id = count++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.set(id, { resolve, reject });
    const abort = (): void => {
      if (!waiting.delete(id)) return;
      worker.postMessage({ id, kind: "abort" } satisfies WorkerQuestion);
      reject(fault("its time is over"));
    };
    until.addEventListener("abort", abort, { once: true });
    worker.postMessage({ ...question, id });
    return promise.finally(() => until.removeEventListener("abort", abort));
  };
  const stop = async (): Promise<void> => {
    await worker.terminate();
    await ended;
  };
  try {
    const late = AbortSignal.any([signal, AbortSignal.timeout(launch.patience)]);
    late.addEventListener("abort", () => undescribed(fault(`it did not answer within ${launch.patience} ms`)), { once: true });
    const description = checkDescription(await described);
    return {
      description,
      call: (hook, { facts, input, signal: until }) => ask({ kind: "hook", hook, facts, input }, until) as Promise<HookAnswer>,
      route: (index, side, { facts, request, response, signal: until }) =>
        ask({ kind: "route", index, side, facts, request, ...(response === undefined ? {} : { response }) }, until) as Promise<RouteAnswer>,
      configure: async (settings) => void (await ask({ kind: "settings", settings }, AbortSignal.timeout(10_000))),
      alive: () =>
        ask({ kind: "ping" }, AbortSignal.timeout(2_000)).then(
          () => true,
          () => false,
        ),
      ended,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

function startWorker({ folder, entry = "index.ts", settings, memory, log, name }: Launch): Worker {
  const worker = new Worker(new URL(import.meta.resolve("@outrigger/engine/worker-thread")), {
    workerData: { file: join(folder, entry), settings } satisfies WorkerStart,
    env: {},
    name,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: Math.max(16, Math.floor(memory / 1024 / 1024)) },
  });
  for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding("utf8").on("data", (text: string) => log(text));
  return worker;
}

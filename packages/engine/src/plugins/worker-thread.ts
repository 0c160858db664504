import { serialize } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import { wordsOf } from "@outrigger/plugin";
import { callPlugin, callRoute, describePlugin, type EnginePlugin, loadPlugin, type Settings } from "@outrigger/sdk";
import { logLine } from "../log-file.ts";
import { answerLimit, answerTooLong } from "./answer-limit.ts";
import type { WorkerQuestion, WorkerStart, WorkerWord } from "./worker-messages.ts";

/** The program of a plug-in's worker thread. */
const say = (word: WorkerWord): void => parentPort?.postMessage(word);
const log = (message: string, fields?: Readonly<Record<string, unknown>>): void => say({ log: logLine(message, fields) });
const { file, settings: first } = workerData as WorkerStart;
const underWay = new Map<number, AbortController>();
let settings: Settings = first;

async function answer(plugin: EnginePlugin, question: WorkerQuestion, signal: AbortSignal): Promise<unknown> {
  if (question.kind === "settings") {
    await plugin.setUp?.({ settings: question.settings, log });
    settings = question.settings;
    return undefined;
  }
  if (question.kind === "hook") return callPlugin(plugin, { ...question, settings, signal, log });
  return question.kind === "route" ? callRoute(plugin, question.index, question.side, { ...question, settings, signal, log }) : undefined;
}

const plugin = await loadPlugin(file);
await plugin.setUp?.({ settings, log });
parentPort?.on("message", (question: WorkerQuestion) => {
  if (question.kind === "abort") return underWay.get(question.id)?.abort();
  const controller = new AbortController();
  underWay.set(question.id, controller);
  answer(plugin, question, controller.signal)
    .then((value) => {
      // Written here and not by postMessage, so that its length is known before it reaches the gateway.
      const answer = serialize(value);
      say(answer.length > answerLimit ? { id: question.id, failure: answerTooLong } : { id: question.id, answer });
    })
    .catch((error: unknown) => say({ id: question.id, failure: wordsOf(error) }))
    .finally(() => underWay.delete(question.id));
});
say({ description: describePlugin(plugin) });

import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Evenly spaced requests a second, sent whether or not earlier ones were answered. */
  readonly rate: number;
  readonly seconds: number;
}

export interface Latencies {
  /** Milliseconds from when each request was due until its answer was whole. */
  readonly p50: number;
  readonly p99: number;
  readonly refused: number;
}

/** Runs a load from a thread of its own, so that the sender does not wait for the server it measures. (autocannon sends each second's requests in one burst.) */
export function steadyLoad(load: Load): Promise<Latencies> {
  const worker = new Worker(new URL(import.meta.url), { workerData: load });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

if (!isMainThread) parentPort?.postMessage(await send(workerData as Load));

async function send({ url, headers, rate, seconds }: Load): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const waits: Promise<number | undefined>[] = [];
  const start = performance.now();
  for (let number = 0; number < rate * seconds; number += 1) {
    const due = start + (number * 1000) / rate;
    while (performance.now() < due) await sleep(1);
    waits.push(request(url, headers, agent, due));
  }
  const answered = (await Promise.all(waits)).filter((wait) => wait !== undefined).toSorted((a, b) => a - b);
  agent.destroy();
  const at = (share: number): number => Math.round((answered[Math.floor(answered.length * share)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), refused: waits.length - answered.length };
}

/** Milliseconds from `due` to the end of the answer; undefined for anything but a 200. */
function request(url: string, headers: Load["headers"], agent: Agent, due: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, { agent, headers }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode === 200 ? performance.now() - due : undefined));
    }).once("error", () => resolve(undefined));
  });
}

import { Agent, request } from "node:http";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

/** Asks one after the other on a new connection each, and counts the answers by their first line. */
export async function askEach(url: string, times: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let count = 0; count < times; count += 1) {
    const answer = (await ask(url)).trim();
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return counts;
}

export interface Load {
  /** Ends it when the last request is answered; failures in words. */
  readonly stop: () => Promise<{ readonly answers: number; readonly failures: readonly string[] }>;
}

/** Asks so many times a second, on new connections and kept ones in turn, until it is stopped or the test ends. */
export function steadily(context: TestContext, url: string, perSecond: number): Load {
  const kept = new Agent({ keepAlive: true, maxSockets: 8 });
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  let [answers, going] = [0, true];
  const run = async (): Promise<void> => {
    for (let next = performance.now(); going; next += 1000 / perSecond) {
      const asked = ask(url, answers % 2 === 0 ? kept : undefined)
        .catch((error: unknown) => failures.push(String(error)))
        .then(() => {
          answers += 1;
          open.delete(asked);
        });
      open.add(asked);
      await sleep(Math.max(0, next + 1000 / perSecond - performance.now()));
    }
  };
  const ended = run();
  context.after(() => {
    going = false;
    kept.destroy();
  });
  return {
    stop: async () => {
      going = false;
      await ended;
      await Promise.all(open);
      kept.destroy();
      return { answers, failures };
    },
  };
}

/** A header of the answer, on a new connection. */
export function headerOf(url: string, name: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.headers[name]?.toString());
    });
    sent.once("error", reject).end();
  });
}

function ask(url: string, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: agent ?? false, timeout: 5000 }, async (response) => {
      const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString();
      if (response.statusCode === 200) resolve(text);
      else reject(new TypeError(`answered ${response.statusCode}: ${text}`));
    });
    sent.once("timeout", () => sent.destroy(new TypeError("no answer in 5 s")));
    sent.once("error", reject).end();
  });
}

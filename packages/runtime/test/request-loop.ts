import { request } from "node:http";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

export interface LoopResult {
  readonly answers: number;
  /** What went wrong, and when, in milliseconds since the loop began. */
  readonly failures: readonly string[];
  /** All the texts that were answered. */
  readonly bodies: ReadonlySet<string>;
}

/** Asks an address again and again, each time on a connection of its own, as fast as 100 times a second. */
export function requestLoop(
  t: TestContext,
  url: string,
): { readonly last: () => string | undefined; readonly stop: () => Promise<LoopResult> } {
  const begun = Date.now();
  const failures: string[] = [];
  const bodies = new Set<string>();
  let answers = 0;
  let last: string | undefined;
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      last = undefined;
      try {
        last = await ask(url);
        bodies.add(last);
        answers += 1;
      } catch (error) {
        failures.push(`${Date.now() - begun} ms: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
      }
      await sleep(10);
    }
  };
  const running = run();
  // Also when the test fails.
  t.after(() => {
    stopped = true;
  });
  return {
    last: () => last,
    stop: async () => {
      stopped = true;
      await running;
      return { answers, failures, bodies };
    },
  };
}

function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text)).on("error", reject);
    });
    outgoing
      .on("timeout", () => outgoing.destroy(new DOMException("no answer within 5 s", "TimeoutError")))
      .on("error", reject)
      .end();
  });
}

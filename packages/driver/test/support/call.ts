import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A call of a driver as an engine makes it; `null` for no body. */
export function call(socketPath: string, method: string, body: unknown): Promise<Answer> {
  return callRaw(socketPath, method, body === null ? "" : `${JSON.stringify(body)}\n`);
}

export function callRaw(socketPath: string, method: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host: "", "content-length": Buffer.byteLength(body) };
    const outgoing = request({ socketPath, path: `/${method}`, method: "POST", agent: false, headers }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += String(piece);
      resolve({ status: response.statusCode ?? 0, text });
    });
    outgoing.once("error", reject).end(body);
  });
}

/** Waits until something holds. */
export async function until<T>(look: () => T | Promise<T>, holds: (found: T) => boolean = Boolean, most = 20_000): Promise<T> {
  const deadline = Date.now() + most;
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    if (Date.now() > deadline) throw new RangeError(`it stayed ${JSON.stringify(found)}`);
    await sleep(50);
  }
}

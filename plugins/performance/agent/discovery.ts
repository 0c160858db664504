import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface DiscoveryOptions {
  /** DISCOVER_URL. */
  readonly url: string;
  /** DISCOVER_TOKEN; absent where the team allows polling without one. */
  readonly token?: string;
  /** Takes each new document; throws when it can't be used, and the former stays. */
  readonly onDocument: (document: unknown) => void;
  /** Why settings can't be fetched or used; undefined: they can, again. */
  readonly onProblem: (problem: string | undefined) => void;
  readonly signal: AbortSignal;
}

const waitSeconds = 60;
const largest = 4 * 1024 * 1024;
const [firstPause, longestPause] = [250, 15_000];

/** Follows the settings until the signal aborts: each request is answered when there is something new, or after a minute. */
export async function followSettings({ url, token, onDocument, onProblem, signal }: DiscoveryOptions): Promise<void> {
  const address = new URL(url);
  address.searchParams.set("wait", `${waitSeconds}s`);
  let tag: string | undefined;
  let failures = 0;
  let usable = true;
  while (!signal.aborted) {
    try {
      const answer = await get(address, headersOf(token, tag), signal);
      if (answer.status === 200) {
        // A document that can't be used is not asked for again: only the next one can be better.
        tag = answer.tag;
        usable = false;
        onDocument(JSON.parse(answer.text));
        usable = true;
      } else if (answer.status !== 304) throw new TypeError(`${address.host} answers ${answer.status}`);
      if (usable) onProblem(undefined);
      // What answers at once and names no version would be asked without a pause.
      if (tag === undefined) await sleep(1000, undefined, { signal });
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      onProblem(error instanceof Error ? error.message : String(error));
      const pause = Math.min(longestPause, firstPause * 2 ** failures);
      failures = Math.min(failures + 1, 10);
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }
}

function headersOf(token: string | undefined, tag: string | undefined): Readonly<Record<string, string>> {
  return { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(tag === undefined ? {} : { "if-none-match": tag }) };
}

interface Answer {
  readonly status: number;
  readonly tag: string | undefined;
  readonly text: string;
}

/** Node's own fetch keeps 10 MB more in memory. */
function get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers, signal, timeout: (waitSeconds + 15) * 1000 }, (response) => {
      read(response).then((text) => resolve({ status: response.statusCode ?? 0, tag: response.headers.etag, text }), reject);
    });
    call.once("timeout", () => call.destroy(new TypeError(`${url.host} did not answer within ${waitSeconds + 15} s`)));
    call.once("error", reject);
    call.end();
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > largest) throw new RangeError(`the settings are larger than ${largest} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

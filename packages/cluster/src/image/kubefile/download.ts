import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { wordsOf } from "@outrigger/plugin";

export interface Download {
  readonly url: string;
  /** `sha256:...`, where the author names it. */
  readonly checksum?: string;
}

/** The last part of an address's path; undefined where it has none. */
export function fileNameOf(url: string): string | undefined {
  const path = URL.canParse(url) ? new URL(url).pathname : "";
  const name = decodedOrNothing(path.slice(path.lastIndexOf("/") + 1));
  return name === "" || name === "." || name === ".." || /[/\0]/.test(name) ? undefined : name;
}

/** Downloads into a folder; gives the digest, or what went wrong in words. Redirects lead to https, or stay as insecure as they were. */
export async function download(
  { url, checksum }: Download,
  folder: string,
  name: string,
): Promise<{ digest: string } | { refusal: string }> {
  const shown = withoutSecrets(url);
  try {
    const answer = await fetch(url, { redirect: "follow", signal: AbortSignal.timeout(30 * 60_000) });
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel();
      return { refusal: `${shown} answered ${answer.status}` };
    }
    if (url.startsWith("https:") && !answer.url.startsWith("https:")) {
      await answer.body.cancel();
      return { refusal: `${shown} leads to an address without TLS` };
    }
    const hash = createHash("sha256");
    const counted = async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const piece of body) {
        hash.update(piece);
        yield piece;
      }
    };
    await pipeline(Readable.fromWeb(answer.body), counted, createWriteStream(join(folder, name), { flags: "wx", mode: 0o644 }));
    const digest = `sha256:${hash.digest("hex")}`;
    return checksum === undefined || checksum === digest ? { digest } : { refusal: `${shown} is ${digest}, not ${checksum}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${wordsOf(error.cause)}` : "";
    return { refusal: `${shown} can't be fetched: ${wordsOf(error)}${cause}` };
  }
}

/** An address for messages: users and tokens in it are left out. */
export function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return "the address";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function decodedOrNothing(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

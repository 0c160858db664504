import { createHash } from "node:crypto";
import type { Descriptor } from "./content.ts";
import { registryErrors } from "./errors.ts";

/** The only digests that we write and take: SHA-256 as 64 lower-case hex digits. */
export const digestPattern: RegExp = /^sha256:[0-9a-f]{64}$/;

/** `sha256:` and the hex digits of the bytes' SHA-256. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Contents whose last piece comes only when they are right, and what they are: they need not be hashed again on their way. */
const checked = new WeakMap<AsyncIterable<Uint8Array>, string>();

/** Says that `content` passes on what {@link checkedContent} gives, and nothing else. */
export function alsoChecked<T extends AsyncIterable<Uint8Array>>(content: T, { digest, size }: Pick<Descriptor, "digest" | "size">): T {
  checked.set(content, `${digest} ${size}`);
  return content;
}

/**
 * Passes content on while it counts and hashes it. The last piece comes only when size and digest are right, so who has it all has the right thing.
 * @param source for messages
 * @throws digest-wrong
 */
export function checkedContent(
  source: string,
  descriptor: Pick<Descriptor, "digest" | "size">,
  content: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (checked.get(content) === `${descriptor.digest} ${descriptor.size}`) return content;
  return alsoChecked(check(source, descriptor, content), descriptor);
}

async function* check(
  source: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const wrong = (found: string): Error => registryErrors["digest-wrong"]({ source, digest, found });
  const hash = createHash("sha256");
  let passed = 0;
  let last: Uint8Array | undefined;
  for await (const piece of content) {
    if (piece.length === 0) continue;
    passed += piece.length;
    if (passed > size) throw wrong(`more than its ${size} bytes`);
    if (last !== undefined) yield last;
    hash.update(piece);
    last = piece;
  }
  if (passed !== size) throw wrong(`${passed} bytes instead of ${size}`);
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== digest) throw wrong(found);
  if (last !== undefined) yield last;
}

/** All of a content in memory; for configurations and other small things. @throws digest-wrong when it is larger than it says */
export async function readContent(
  source: { readonly name: string; readonly blob: (d: Descriptor) => AsyncIterable<Uint8Array> },
  descriptor: Descriptor,
  most: number,
): Promise<Uint8Array> {
  if (descriptor.size > most)
    throw registryErrors["manifest-wrong"]({
      source: source.name,
      reference: descriptor.digest,
      reason: `it says that it has ${descriptor.size} bytes, where at most ${most} are read`,
    });
  return Buffer.concat(await Array.fromAsync(source.blob(descriptor)));
}

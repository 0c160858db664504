import { isOutriggerError } from "@outrigger/plugin";
import type { Descriptor } from "../content.ts";
import { digestPattern } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import { discard, type HttpAnswer } from "./http-client.ts";
import { pullScopes, pushScopes } from "./scopes.ts";
import type { Session } from "./session.ts";

/** True when the repository has the blob. */
export async function hasBlob(session: Session, repository: string, { digest, size }: Descriptor): Promise<boolean> {
  if (!digestPattern.test(digest)) return false;
  const answer = await session.ask({
    method: "HEAD",
    at: `/v2/${repository}/blobs/${digest}`,
    scopes: pushScopes(repository),
    expect: [200, 404],
    what: `whether ${repository} has ${digest}`,
  });
  await discard(answer);
  const length = answer.headers["content-length"];
  return answer.status === 200 && (length === undefined || Number(length) === size);
}

/** Has the registry take a blob over from another of its repositories (OCI distribution specification, "Mounting a blob"). False when it does not. */
export async function mountBlob(session: Session, repository: string, { digest }: Descriptor, from: string): Promise<boolean> {
  const what = `to take ${digest} over from ${from}`;
  const answer = await session.ask({
    method: "POST",
    at: `/v2/${repository}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
    headers: { "content-length": "0" },
    scopes: [...pushScopes(repository), ...pullScopes(from)],
    // Who may not read there gets an ordinary upload, or a refusal; both mean: send it.
    expect: [201, 202, 401, 403, 404, 405],
    what,
  });
  await discard(answer);
  if (answer.status === 202) await cancel(session, repository, session.follow(what, answer.headers.location, answer.url));
  return answer.status === 201;
}

/** Sends a blob that is not there yet. After a cut the registry is asked how much it has, and the rest is sent. @throws registry-* */
export async function uploadBlob(
  session: Session,
  repository: string,
  descriptor: Descriptor,
  content: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  let place: UploadPlace | undefined;
  for (let failures = 0; ; ) {
    const before = place?.offset ?? 0;
    try {
      place = place === undefined ? undefined : await resume(session, repository, place);
      if (place !== undefined && place.offset > before) failures = 0;
      place ??= await start(session, repository, descriptor);
      await send(session, repository, descriptor, content, place, (at) => {
        place = at;
      });
      return;
    } catch (error) {
      session.options.signal?.throwIfAborted();
      failures += 1;
      const code = isOutriggerError(error) ? error.code : "";
      // What was put together of several pieces and is not right may be right in one.
      const patched = code === "registry-refused" && place !== undefined && place.offset > 0;
      const passing = code === "registry-unreachable" || code === "registry-failing" || patched;
      if (!passing || failures > session.retries) {
        if (place !== undefined) await cancel(session, repository, place.url).catch(() => {});
        throw error;
      }
      if (patched) place = undefined;
      await session.wait(failures);
    }
  }
}

interface UploadPlace {
  readonly url: URL;
  /** Bytes that the registry has. */
  readonly offset: number;
  /** The least size of a piece that the registry takes. */
  readonly least: number;
}

async function start(session: Session, repository: string, { digest }: Descriptor): Promise<UploadPlace> {
  const what = `to upload ${digest} to ${repository}`;
  const answer = await session.ask({
    method: "POST",
    at: `/v2/${repository}/blobs/uploads/`,
    headers: { "content-length": "0" },
    scopes: pushScopes(repository),
    expect: [202],
    what,
  });
  await discard(answer);
  const least = Number(answer.headers["oci-chunk-min-length"] ?? 0);
  return { url: session.follow(what, answer.headers.location, answer.url), offset: 0, least: Number.isSafeInteger(least) ? least : 0 };
}

/** Where the upload stands; undefined when the registry has forgotten it or has nothing of it. */
async function resume(session: Session, repository: string, place: UploadPlace): Promise<UploadPlace | undefined> {
  const what = `how far an upload to ${repository} is`;
  const answer = await session.ask({
    method: "GET",
    at: place.url,
    scopes: pushScopes(repository),
    expect: [204, 202, 200, 400, 404, 405],
    what,
  });
  await discard(answer);
  const offset = offsetIn(answer);
  if (answer.status >= 400 || offset === 0) return undefined;
  return { ...place, offset, url: nextUrl(session, what, answer, place.url) };
}

async function send(
  session: Session,
  repository: string,
  descriptor: Descriptor,
  content: () => AsyncIterable<Uint8Array>,
  from: UploadPlace,
  moved: (place: UploadPlace) => void,
): Promise<void> {
  const { digest, size } = descriptor;
  const what = `the content ${digest} for ${repository}`;
  const { chunkSize = Number.POSITIVE_INFINITY } = session.options;
  const step = Math.max(chunkSize, from.least, 1);
  const common = { scopes: pushScopes(repository), what, retry: false } as const;
  let place = from;
  const cursor = readParts(content);
  try {
    // Pieces go by PATCH; so does the rest of an upload that was cut: a PUT with content begins at zero for some registries.
    while (place.offset < size && (place.offset > 0 || size > step)) {
      const end = Math.min(size, place.offset + step);
      const { offset } = place;
      const answer = await session.ask({
        ...common,
        method: "PATCH",
        at: place.url,
        headers: {
          "content-type": "application/octet-stream",
          "content-length": String(end - offset),
          "content-range": `${offset}-${end - 1}`,
        },
        body: () => cursor.take(offset, end),
        expect: [202, 204],
      });
      await discard(answer);
      place = {
        ...place,
        url: nextUrl(session, what, answer, place.url),
        offset: answer.headers["range"] === undefined ? end : offsetIn(answer),
      };
      if (place.offset <= offset)
        throw registryErrors["registry-refused"]({
          registry: session.registry,
          request: what,
          status: answer.status,
          reason: "it takes no more bytes",
        });
      moved(place);
    }
  } finally {
    await cursor.close();
  }
  const whole = place.offset === 0 && size > 0;
  const url = new URL(place.url);
  url.searchParams.set("digest", digest);
  const answer = await session.ask({
    ...common,
    method: "PUT",
    at: url,
    headers: { "content-type": "application/octet-stream", "content-length": whole ? String(size) : "0" },
    ...(whole ? { body: content } : {}),
    expect: [201, 204],
  });
  await discard(answer);
}

interface Parts {
  readonly take: (start: number, end: number) => AsyncGenerator<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Reads parts of a content, in order from one and the same reading; a part that does not follow the one before makes it begin anew. */
function readParts(content: () => AsyncIterable<Uint8Array>): Parts {
  let pieces: AsyncIterator<Uint8Array> | undefined;
  let at = 0;
  let rest: Uint8Array = new Uint8Array();
  const close = async (): Promise<void> => {
    await pieces?.return?.();
    [pieces, at, rest] = [undefined, 0, new Uint8Array()];
  };
  const take = async function* (start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start !== at) await close();
    pieces ??= content()[Symbol.asyncIterator]();
    while (at < end) {
      if (rest.length === 0) {
        const next = await pieces.next();
        if (next.done === true) return;
        rest = next.value;
      }
      const skipped = Math.min(rest.length, Math.max(0, start - at));
      const part = rest.subarray(skipped, Math.max(skipped, end - at));
      at += skipped + part.length;
      rest = rest.subarray(skipped + part.length);
      if (part.length > 0) yield part;
    }
  };
  return { take, close };
}

/** `0-0` is told of one byte and of none. */
function offsetIn(answer: HttpAnswer): number {
  const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(String(answer.headers["range"] ?? "")) ?? [];
  return last === undefined || last === "0" ? 0 : Number(last) + 1;
}

function nextUrl(session: Session, what: string, answer: HttpAnswer, current: URL): URL {
  return answer.headers.location === undefined ? current : session.follow(what, answer.headers.location, answer.url);
}

async function cancel(session: Session, repository: string, url: URL): Promise<void> {
  const what = `to give an upload to ${repository} up`;
  await discard(
    await session.ask({
      method: "DELETE",
      at: url,
      scopes: pushScopes(repository),
      expect: [200, 202, 204, 400, 404, 405],
      what,
      retry: false,
    }),
  );
}

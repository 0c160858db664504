import type { Descriptor } from "../content.ts";
import { checkedContent } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import { discard, type HttpAnswer } from "./http-client.ts";
import { pullScopes } from "./scopes.ts";
import type { Session } from "./session.ts";

/**
 * A blob's bytes, checked while they pass. After a cut the rest is asked for by Range; where that is not understood, the beginning is read again and dropped.
 * @throws content-unknown, digest-wrong, registry-*
 */
export function downloadBlob(session: Session, repository: string, descriptor: Descriptor): AsyncIterable<Uint8Array> {
  return checkedContent(`${session.registry}/${repository}`, descriptor, pieces(session, repository, descriptor));
}

async function* pieces(session: Session, repository: string, { digest, size }: Descriptor): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let failures = 0;
  for (;;) {
    const answer = await begin(session, repository, digest, offset);
    let skip = answer.status === 206 ? 0 : offset;
    try {
      for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
        const rest = piece.subarray(Math.min(skip, piece.length));
        skip -= piece.length - rest.length;
        if (rest.length === 0) continue;
        offset += rest.length;
        failures = 0;
        yield rest;
      }
      if (offset >= size) return;
    } catch (error) {
      session.options.signal?.throwIfAborted();
      if (failures >= session.retries)
        throw registryErrors["registry-unreachable"](
          { registry: session.registry, reason: "the connection broke again and again" },
          { cause: error },
        );
    } finally {
      answer.body.destroy();
    }
    failures += 1;
    // An answer that ends in order, but too early, would end so for ever.
    if (failures > session.retries) return;
    await session.wait(failures);
  }
}

async function begin(session: Session, repository: string, digest: string, offset: number): Promise<HttpAnswer> {
  const answer = await session.ask({
    method: "GET",
    at: `/v2/${repository}/blobs/${digest}`,
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    scopes: pullScopes(repository),
    expect: offset === 0 ? [200, 404] : [200, 206, 404, 416],
    what: `the content ${digest} of ${repository}`,
  });
  if (answer.status === 404) {
    await discard(answer);
    throw registryErrors["content-unknown"]({ source: `${session.registry}/${repository}`, digest });
  }
  if (answer.status === 200) return answer;
  const [, start] = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "") ?? [];
  if (Number(start) === offset) return answer;
  answer.body.destroy();
  throw registryErrors["digest-wrong"]({
    source: `${session.registry}/${repository}`,
    digest,
    found: `bytes from ${start ?? "nowhere"} on, where ${offset} was asked for`,
  });
}

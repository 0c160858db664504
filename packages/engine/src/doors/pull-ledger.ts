import { formatImageReference, parseImageReference } from "@outrigger/sdk";

/** Pulls that clients make through the gateway, so that the engine's event of the same pull is not taken for one of its own. */
export interface PullLedger {
  /** What it gives is to be called when the pull has ended; more than once does no harm. */
  readonly begin: (reference: string) => () => void;
  readonly has: (reference: string) => boolean;
}

/** The engine's event can come a little after the answer's end. */
const lateMilliseconds = 5_000;

export function createPullLedger(): PullLedger {
  const open = new Map<string, number>();
  const leave = (key: string): void => {
    const count = (open.get(key) ?? 1) - 1;
    if (count === 0) open.delete(key);
    else open.set(key, count);
  };
  return {
    begin: (reference) => {
      const key = fullName(reference);
      open.set(key, (open.get(key) ?? 0) + 1);
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        setTimeout(() => leave(key), lateMilliseconds).unref();
      };
    },
    has: (reference) => open.has(fullName(reference)),
  };
}

/** Events name images in their short form: `docker.io/library/nginx` is `nginx:latest`. */
function fullName(reference: string): string {
  const parsed = parseImageReference(reference);
  return parsed === undefined ? reference : formatImageReference(parsed);
}

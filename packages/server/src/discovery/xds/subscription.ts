import type { Resource, Resources } from "./resources.ts";

/** What one stream wants of one type, and what it has got. */
export interface Subscription {
  readonly names: Set<string>;
  /** Something was named, now or before. */
  named: boolean;
  /** A request has come. */
  started: boolean;
  /** All listed ones. */
  wildcard: boolean;
  /** Names asked for since the last answer, `*` among them. */
  readonly asked: Set<string>;
  /** Versions by name, as last sent. */
  readonly sent: Map<string, string>;
  /** Of the last answer. */
  nonce: string | undefined;
  /** The last answer is neither accepted nor refused yet, so nothing more is sent: a slow client has one answer to read, not a queue of them. */
  awaiting: boolean;
}

export const everything = "*";

export function newSubscription(): Subscription {
  return {
    names: new Set(),
    named: false,
    started: false,
    wildcard: false,
    asked: new Set(),
    sent: new Map(),
    nonce: undefined,
    awaiting: false,
  };
}

export function wanted({ names, wildcard }: Subscription, resources: Resources): Resources {
  return new Map([...resources].filter(([name, { listed }]) => names.has(name) || (wildcard && listed)));
}

/** Those that the client has not, or has in another version. */
export function unsent({ sent }: Subscription, resources: Resources): readonly Resource[] {
  return [...resources.values()].filter(({ name, version }) => sent.get(name) !== version);
}

export function markSent(subscription: Subscription, resources: Iterable<Resource>, nonce: string): void {
  for (const { name, version } of resources) subscription.sent.set(name, version);
  subscription.asked.clear();
  subscription.nonce = nonce;
  subscription.awaiting = true;
}

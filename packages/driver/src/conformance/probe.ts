import { randomBytes } from "node:crypto";
import { CheckFailure, CheckSkipped } from "./check-outcome.ts";
import type { Session } from "./session.ts";
import { type GoObject, goObject, type Verdict, verdictOf } from "./verdict.ts";
import type { Exchange, SendOptions, Wire } from "./wire/wire.ts";

/** What a check asks the driver with. */
export interface Probe {
  readonly session: Session;
  readonly wire: Wire;
  /** Sends a call; whatever is answered, an answer there must be. */
  readonly ask: (method: string, args?: unknown, options?: SendOptions) => Promise<Exchange>;
  /** Sends a call that the engine must take for a success; gives the answer's object. */
  readonly succeed: (method: string, args?: unknown, options?: SendOptions) => Promise<GoObject>;
  /** Sends a call that the engine must take for an error. */
  readonly refuse: (method: string, args: unknown, why: string, options?: SendOptions) => Promise<Verdict>;
  readonly verdict: (exchange: Exchange) => Verdict;
  /** The answer is still waited for, and is none of the checks'. */
  readonly tidy: (method: string, args: unknown) => void;
  /** Done when the check is over, the last one first, whatever comes of it. */
  readonly after: (work: () => Promise<unknown>) => void;
  readonly expect: (holds: boolean, expected: string, found: string, exchange?: Exchange) => void;
  readonly fail: (expected: string, found: string, exchange?: Exchange) => never;
  readonly skip: (reason: string) => never;
  /** A name that nobody has, in this run's prefix. */
  readonly name: (hint?: string) => string;
  /** 64 hex digits, as the engine's ids. */
  readonly id: () => string;
  readonly text: (value: GoObject, key: string) => string;
  readonly object: (value: GoObject, key: string) => GoObject | undefined;
  readonly list: (value: GoObject, key: string) => readonly unknown[];
  /** The last exchanges, the newest last. */
  readonly exchanges: readonly Exchange[];
  readonly finish: () => Promise<void>;
}

/** A tidying call waits no longer than this, in milliseconds. */
const tidyLimit = 10_000;

export function createProbe(session: Session): Probe {
  const exchanges: Exchange[] = [];
  const cleaning: (() => Promise<unknown>)[] = [];
  const { wire } = session;
  const fail = (expected: string, found: string, exchange?: Exchange): never => {
    throw new CheckFailure({ expected, found, ...(exchange === undefined ? {} : { exchange }) });
  };
  const verdict = (exchange: Exchange): Verdict => verdictOf(exchange, exchange.method.startsWith("IpamDriver.") ? "Error" : "Err");
  const ask = async (method: string, args?: unknown, options?: SendOptions): Promise<Exchange> => {
    const exchange = await wire.send(method, args, options);
    exchanges.push(exchange);
    if (exchange.failure !== undefined) fail("an answer", exchange.failure, exchange);
    return exchange;
  };
  const typed = (what: string, key: string, value: unknown): never =>
    fail(`${key} to be ${what}`, `it is ${JSON.stringify(value)}, which Go does not decode`);
  return {
    session,
    wire,
    exchanges,
    verdict,
    ask,
    succeed: async (method, args, options) => {
      const exchange = await ask(method, args, options);
      const { error, value } = verdict(exchange);
      if (error !== undefined) fail(`${method} to succeed`, `the engine reads the error ${JSON.stringify(error)}`, exchange);
      return value;
    },
    refuse: async (method, args, why, options) => {
      const exchange = await ask(method, args, options);
      const read = verdict(exchange);
      if (read.error === undefined) {
        const misplaced = method.startsWith("IpamDriver.") && read.value.get("Err") !== undefined;
        const found = misplaced
          ? "the error stands under Err, where the engine does not look: it reads a success"
          : "the engine reads a success";
        fail(`${method} to answer an error: ${why}`, found, exchange);
      }
      return read;
    },
    tidy: (method, args) => cleaning.push(() => wire.send(method, args, { timeout: tidyLimit })),
    after: (work) => cleaning.push(work),
    expect: (holds, expected, found, exchange) => {
      if (!holds) fail(expected, found, exchange);
    },
    fail,
    skip: (reason) => {
      throw new CheckSkipped(reason);
    },
    name: (hint = "v") => `${session.prefix}-${hint}-${randomBytes(3).toString("hex")}`,
    id: () => randomBytes(32).toString("hex"),
    text: (value, key) => {
      const found = value.get(key);
      return found === undefined || typeof found === "string" ? (found ?? "") : typed("a string", key, found);
    },
    object: (value, key) =>
      value.get(key) === undefined ? undefined : (goObject(value.get(key)) ?? typed("an object", key, value.get(key))),
    list: (value, key) => {
      const found = value.get(key) ?? [];
      return Array.isArray(found) ? found : typed("a list", key, found);
    },
    finish: async () => {
      for (const work of cleaning.toReversed()) await work().catch(() => undefined);
    },
  };
}

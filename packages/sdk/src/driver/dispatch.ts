import { isOutriggerError, wordsOf } from "@outrigger/plugin/errors";
import { CallRun } from "./call-run.ts";
import { DriverError } from "./driver-error.ts";
import { driverSdkErrors } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { readFields } from "./wire/fields.ts";
import type { ServedMethod } from "./wire/methods.ts";
import { errAnswer, type WireAnswer } from "./wire/served-interface.ts";

/** What a transport sends back. 404: a method that is not served; 400: arguments that are none; 500: a stream that can't be given. Other errors are told with 200. */
export interface Answer {
  readonly status: 200 | 400 | 404 | 500;
  /** JSON, or the frames of a stream. */
  readonly body: string | AsyncIterable<Uint8Array>;
}

/**
 * All that a transport needs to know of drivers. Never rejects; a stream may fail while it is read.
 *
 * @param method e.g. `VolumeDriver.Create`
 * @param body the JSON as it came, empty where the caller sent none
 * @param caller its signal is aborted when it has gone
 */
export type Dispatch = (method: string, body: Buffer, caller: { readonly signal: AbortSignal }) => Promise<Answer>;

export interface DispatchOptions {
  readonly log: Logger;
  /** Whether every call gets a line at the level debug. */
  readonly debug: boolean;
  /** Milliseconds for every call that has no longer limit of its own. */
  readonly limit: number;
  /** Aborted when the driver stops and waits no longer. */
  readonly stopped: AbortSignal;
}

export function createDispatch(methods: ReadonlyMap<string, ServedMethod>, options: DispatchOptions): Dispatch {
  return async (name, body, caller) => {
    const served = methods.get(name);
    if (served === undefined) return { status: 404, body: JSON.stringify(errAnswer(`${name} is not served`)) };
    const { method, of } = served;
    const run = new CallRun(name, method.endless === true ? undefined : (method.limit ?? options.limit), caller, options);
    try {
      const answer = await run.within(call(served, body, run));
      if (Symbol.asyncIterator in answer) return { status: 200, body: untilEnd(answer as AsyncIterable<Uint8Array>, run) };
      run.end();
      if (options.debug) run.log.debug("answered");
      return { status: 200, body: JSON.stringify(answer) };
    } catch (error) {
      run.end();
      return {
        status: report(error, run.log) ?? (method.endless === true ? 500 : 200),
        body: JSON.stringify(of.refuse(messageOf(error))),
      };
    }
  };
}

async function* untilEnd(stream: AsyncIterable<Uint8Array>, run: CallRun): AsyncIterable<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    report(error, run.log);
    throw error;
  } finally {
    run.end();
  }
}

async function call({ name, method }: ServedMethod, body: Buffer, run: CallRun): Promise<WireAnswer> {
  if (method.withFields !== undefined) return await method.withFields(readFields(body), run);
  if (method.plain !== undefined) return await method.plain(run);
  throw driverSdkErrors["driver-answer-invalid"]({ method: name, found: "no method", expected: "one" });
}

/** Engines take an empty error for success. */
function messageOf(error: unknown): string {
  return wordsOf(error) || "the driver failed without a word";
}

/** @returns the status where the error asks for one */
function report(error: unknown, log: Logger): 400 | undefined {
  if (error instanceof DriverError) log.info(messageOf(error));
  else if (isOutriggerError(error)) log.warn(messageOf(error));
  else log.error(messageOf(error), error instanceof Error ? { stack: error.stack } : {});
  return isOutriggerError(error) && (error.code === "call-body-missing" || error.code === "call-body-invalid") ? 400 : undefined;
}

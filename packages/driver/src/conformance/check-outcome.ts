import type { Exchange } from "./wire/wire.ts";

export interface FailureDetails {
  /** What the engine needs. */
  readonly expected: string;
  /** What is the case instead. */
  readonly found: string;
  /** The exchange that showed it; else the last one is shown. */
  readonly exchange?: Exchange;
}

/** Raised within a check: it does not hold. */
export class CheckFailure extends Error {
  override readonly name: string = "CheckFailure";
  readonly details: FailureDetails;
  constructor(details: FailureDetails) {
    super(`expected ${details.expected}; ${details.found}`);
    this.details = details;
  }
}

/** Raised within a check: it can't be asked of this driver. */
export class CheckSkipped extends Error {
  override readonly name: string = "CheckSkipped";
}

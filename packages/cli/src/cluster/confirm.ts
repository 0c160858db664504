import { createInterface } from "node:readline/promises";
import { cliErrors } from "../errors.ts";

/** Asks on a terminal; anything but yes is no. */
export async function confirmed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

/** @param yes `-y` @throws not-confirmed, also where there is no terminal to ask on */
export async function requireConfirmed(question: string, yes: boolean): Promise<void> {
  if (yes || (process.stdin.isTTY === true && (await confirmed(question)))) return;
  throw cliErrors["not-confirmed"]({ question });
}

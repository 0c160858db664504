import { isOutriggerError, OutriggerError } from "@outrigger/plugin";
import type { Refusal } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";

/** The error for a refusal: its words and its status, and where to learn more. */
export function refused(plugin: string, { message, code, hint, status }: Refusal, requestId: string): OutriggerError {
  const mend = `${hint === undefined ? "" : `${hint} `}\`outrigger engine explain ${requestId}\` says more.`;
  const error = engineErrors["plugin-refused"]({ plugin, reason: code === undefined ? message : `${message} (${code})`, hint: mend });
  return new OutriggerError(error.code, status ?? error.status, error.message, error.hint);
}

/** The words of an error, on one line and not too many. */
export function reasonOf(error: unknown): string {
  const text = isOutriggerError(error) || error instanceof Error ? error.message : String(error);
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

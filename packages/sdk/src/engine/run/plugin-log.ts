import { stringifyJson } from "../../json/lossless.ts";
import type { HookContext } from "../hook-context.ts";

/** Writes a plug-in's log as JSON lines on the error stream: `{"time", "message", ...fields}`. The gateway keeps them. */
export const logLine: HookContext["log"] = (message, fields) => {
  process.stderr.write(`${stringifyJson({ time: new Date().toISOString(), message, ...fields })}\n`);
};

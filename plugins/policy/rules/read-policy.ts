import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { formatProblem, type Reading, readDocument, type Settings } from "@outrigger/sdk";
import type { Policy } from "./rules.ts";
import { policyField } from "./rules-field.ts";

/** Reads the text of a policy; every mistake with its line. */
export function readPolicy(text: string, file: string): Reading<Policy> {
  const reading = readDocument(text, file, policyField);
  return reading.ok ? { ok: true, value: reading.value.value } : reading;
}

/**
 * The policy that the settings name: `policy.text`, or the file `policy.file`, relative to the plug-in's folder. Neither: the baseline as it is.
 * @throws Error that names every mistake; the plug-in then does not start, and requests are refused
 */
export function policyOf(settings: Settings, folder: string): Policy {
  const { text, file } = settings["policy"] ?? {};
  const given = [text, file].filter((value) => typeof value === "string" && value !== "");
  if (given.length === 0) return { rules: {}, exceptions: [] };
  if (given.length === 2) throw new Error("policy.text and policy.file are both set. Keep one of them.");
  const name = typeof file === "string" && file !== "" ? resolve(folder, file) : "policy.text";
  const reading = readPolicy(name === "policy.text" ? String(text) : readFileSync(name, "utf8"), name);
  if (reading.ok) return reading.value;
  throw new Error(`The policy has mistakes:\n${reading.problems.map(formatProblem).join("\n")}`);
}

let kept: { readonly text: unknown; readonly file: unknown; readonly policy: Policy } | undefined;

/** Like {@link policyOf}, read once for the same settings; `afresh` reads a changed file again. */
export function keptPolicy(settings: Settings, folder: string, afresh = false): Policy {
  const { text, file } = settings["policy"] ?? {};
  if (afresh || kept === undefined || kept.text !== text || kept.file !== file) kept = { text, file, policy: policyOf(settings, folder) };
  return kept.policy;
}

import { asRecord } from "@outrigger/plugin";
import { parse, parseDocument, stringify } from "yaml";
import type { ConfigDocument, ConfigProcess } from "../model/config-document.ts";

/** Why a Config document can't be applied, in words. */
export type Refusal = (reason: string, cause?: unknown) => Error;

/**
 * A Config's data after its processes, as Sealer applies them: `toJson` and `toBase64` change the whole, or after `value` each value of the mapping;
 * `toSecret` puts every key, encoded, into the `data` of a Secret.
 * @param file the file that is there already, for `toSecret`
 */
export function processedData(config: ConfigDocument, data: unknown, file: string | undefined, refuse: Refusal): string {
  const written = typeof data === "string" ? data : stringify(data, { lineWidth: 0 });
  const steps = config.process.filter((step) => step !== "toSecret");
  const text = steps.reduce<{ readonly each: boolean; readonly text: string }>((state, step) => processStep(state, step, refuse), {
    each: false,
    text: written,
  }).text;
  return config.process.includes("toSecret") ? secretOf(text, file, config.name, refuse) : text;
}

function processStep(
  { each, text }: { readonly each: boolean; readonly text: string },
  step: ConfigProcess,
  refuse: Refusal,
): { readonly each: boolean; readonly text: string } {
  if (step === "value") return { each: true, text };
  const change = step === "toJson" ? jsonOf : (value: unknown): string => base64Of(textOf(value, "toBase64", refuse));
  if (!each) return { each, text: step === "toJson" ? jsonOf(readYaml(text, refuse)) : base64Of(text) };
  const entries = Object.entries(mappingOf(text, step, refuse)).map(([key, value]) => [key, change(value)]);
  return { each, text: stringify(Object.fromEntries(entries), { lineWidth: 0 }) };
}

function secretOf(text: string, file: string | undefined, name: string, refuse: Refusal): string {
  const entries = Object.entries(mappingOf(text, "toSecret", refuse)).map(
    ([key, value]) => [key, base64Of(textOf(value, "toSecret", refuse))] as const,
  );
  const document = parseDocument(file ?? stringify({ apiVersion: "v1", kind: "Secret", metadata: { name }, type: "Opaque" }));
  if (document.errors.length > 0 || asRecord(document.toJS())["kind"] !== "Secret")
    throw refuse("toSecret needs a file that is one Secret");
  for (const [key, value] of entries) document.setIn(["data", key], value);
  return document.toString({ lineWidth: 0 });
}

function mappingOf(text: string, step: string, refuse: Refusal): Readonly<Record<string, unknown>> {
  const value = readYaml(text, refuse);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return asRecord(value);
  throw refuse(`${step} needs data that is a mapping`);
}

function readYaml(text: string, refuse: Refusal): unknown {
  try {
    return parse(text, { uniqueKeys: true, logLevel: "error", prettyErrors: false }) as unknown;
  } catch (error) {
    throw refuse("its data is not YAML", error);
  }
}

function textOf(value: unknown, step: string, refuse: Refusal): string {
  if (typeof value === "string") return value;
  throw refuse(`${step} needs values that are text; write numbers and the like in quotes`);
}

function base64Of(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** With its keys in order, as Go writes it. */
function jsonOf(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

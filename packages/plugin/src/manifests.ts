import { type Application, applicationField } from "./application.ts";
import { pluginErrors } from "./errors.ts";
import type { OutriggerError } from "./errors-catalogue.ts";
import { asRecord } from "./fields.ts";
import { type PluginManifest, pluginManifestField } from "./plugin-manifest.ts";
import type { Problem } from "./problem.ts";
import { type Reading, readDocument, readSource, type SourceDocument } from "./read-document.ts";

export interface PluginFile {
  readonly kind: "Plugin";
  readonly value: PluginManifest;
  readonly source: SourceDocument;
}

export interface ApplicationFile {
  readonly kind: "Application";
  readonly value: Application;
  readonly source: SourceDocument;
}

/** Reads the text of a plugin.yaml. Never throws for a mistake of the author's. */
export function readPluginManifest(text: string, file: string): Reading<PluginFile> {
  const reading = readDocument(text, file, pluginManifestField);
  return reading.ok ? { ok: true, value: { kind: "Plugin", ...reading.value } } : reading;
}

/** Reads the text of an app.yaml. Never throws for a mistake of the author's. */
export function readApplication(text: string, file: string): Reading<ApplicationFile> {
  const reading = readDocument(text, file, applicationField);
  return reading.ok ? { ok: true, value: { kind: "Application", ...reading.value } } : reading;
}

/** Reads a plugin.yaml or an app.yaml, whichever its `kind` says. */
export function readManifest(text: string, file: string): Reading<PluginFile | ApplicationFile> {
  const source = readSource(text, file);
  if (!source.ok) return source;
  const kind = asRecord(source.value.value)["kind"];
  if (kind === "Plugin") return readPluginManifest(text, file);
  if (kind === "Application") return readApplication(text, file);
  const problem = source.value.place({
    path: ["kind"],
    code: kind === undefined ? "missing-key" : "wrong-value",
    message: `Expected the kind Plugin or Application, found ${JSON.stringify(kind) ?? "nothing"}.`,
    expected: "Plugin, Application",
  });
  return { ok: false, problems: [problem] };
}

/** The error for a file with problems. */
export function manifestInvalid(file: string, problems: readonly Problem[]): OutriggerError {
  return pluginErrors["manifest-invalid"]({ file, count: countProblems(problems.length) }, { problems });
}

/** `1 mistake`, `3 mistakes`. */
export function countProblems(count: number): string {
  return count === 1 ? "1 mistake" : `${count} mistakes`;
}

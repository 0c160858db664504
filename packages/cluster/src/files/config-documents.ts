import { posix } from "node:path";
import type { PlainProblem, Problem, SourceDocument } from "@outrigger/plugin";
import * as z from "zod";
import type { ConfigDocument, ConfigProcess } from "../model/config-document.ts";
import type { OriginFile } from "../model/origin.ts";
import { apiVersionField, checkFields, emptyStatus, metadataField, ourApiVersion, unknownWord } from "./document-fields.ts";
import { bracesTrap, templateProblems } from "./template-checks.ts";

export const configProcesses: readonly ConfigProcess[] = ["value", "toJson", "toBase64", "toSecret"];

/** Where Sealer 0.9 and later keep the files of an application. */
export const applicationsFolder = "application/apps";

/** A name that is a folder's name, too. */
export const applicationName: z.ZodType<string> = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "An application's name has letters, digits, dots, dashes and underscores.");

const configField = z.strictObject({
  apiVersion: apiVersionField.exactOptional(),
  kind: z.literal("Config"),
  metadata: metadataField,
  spec: z.strictObject({
    path: z.string().min(1),
    data: z.unknown().refine((data) => data !== undefined && data !== null, "`data` is missing."),
    strategy: z.enum(["overwrite", "merge"]).exactOptional(),
    process: z.string().exactOptional(),
    template: z.boolean().exactOptional(),
    appName: applicationName.exactOptional(),
  }),
  status: emptyStatus.exactOptional(),
});

export interface ConfigReading {
  readonly configs: readonly ConfigDocument[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export function readConfig(source: SourceDocument, origin: OriginFile): ConfigReading {
  const fields = checkFields(source, configField);
  if ("problems" in fields) return { configs: [], problems: fields.problems, warnings: [] };
  const problems: Problem[] = [];
  const say = (problem: PlainProblem): void => void problems.push(source.place(problem));
  const { apiVersion, metadata, spec } = fields.value;
  const { path, strategy = "overwrite", process = "", template, appName, data } = spec;
  const config: ConfigDocument = {
    name: metadata.name,
    path: rootfsPath(appName === undefined ? path : applicationPath(appName, path), ["spec", "path"], path, say),
    data,
    strategy,
    process: processOf(process, say),
    template: template === true,
    ...(appName === undefined ? {} : { application: appName }),
    origin: { ...origin, line: source.line },
  };
  if (config.template) for (const problem of templateProblems(data)) say(problem);
  const unasked = template === undefined && apiVersion !== ourApiVersion;
  const warnings = unasked ? bracesTrap(data).map(source.place) : [];
  return { configs: problems.length > 0 ? [] : [config], problems, warnings };
}

/** An application's file in the rootfs. */
export function applicationPath(application: string, path: string): string {
  return posix.join(applicationsFolder, application, path);
}

/** A path in the rootfs: relative, and not out of it. */
export function rootfsPath(path: string, field: readonly PropertyKey[], found: string, say: (problem: PlainProblem) => void): string {
  const normal = posix.normalize(path);
  const wrong = found.startsWith("/") || found.split("/").includes("..") || normal === "." || path.endsWith("/");
  if (wrong) {
    const hint = found.startsWith("/")
      ? `Write ${found.replace(/^\/+/, "")}, for the file of this name in the rootfs.`
      : "Name a file of the rootfs, e.g. etc/registry.yaml.";
    say({ path: field, code: "wrong-value", message: `${JSON.stringify(found)} is no file in the rootfs.`, found, hint });
  }
  return normal;
}

function processOf(text: string, say: (problem: PlainProblem) => void): readonly ConfigProcess[] {
  const words = text.split("|").map((word) => word.trim());
  return words.flatMap((word) => {
    const process = configProcesses.find((each) => each === word);
    if (process !== undefined) return [process];
    if (word !== "") say(unknownWord(["spec", "process"], "process", word, configProcesses));
    return [];
  });
}

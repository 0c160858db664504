import * as z from "zod";
import { asRecord, asRecords, duplicates, pathField, portField, withRule } from "./fields.ts";
import type { PlainProblem } from "./problem.ts";
import { templateProblem } from "./template.ts";

/** `json` and `yaml` hold the discovery document, `env` its options as `NAME=text` lines, `template` what the author's template makes of it. */
export type ConfigFileFormat = "json" | "yaml" | "env" | "template";

/** How a plug-in learns that its file has changed; exactly one of the three. */
export interface Reload {
  /** Sent to the container's first process. */
  readonly signal?: string;
  /** Called at the pod's address; any 2xx is success. */
  readonly http?: { readonly port: number; readonly path: string; readonly method: "GET" | "POST" | "PUT" };
  /** Run in the container; 0 is success. */
  readonly exec?: readonly string[];
}

/**
 * A file in the plug-in's container that is kept equal to the values of the groups that name it, replaced atomically. The platform owns its whole
 * directory: what the image has there is hidden.
 */
export interface ConfigFile {
  /** Absolute path in the container. */
  readonly path: string;
  readonly format: ConfigFileFormat;
  /** Liquid (liquidjs.com) over the discovery document; only with format: template. */
  readonly template?: string;
  /** The template's own file, relative to plugin.yaml; whoever reads plugin.yaml puts its text in place of the name. */
  readonly templateFile?: string;
  /** Permission bits in octal. */
  readonly mode: string;
  /** Run in the container on a new text before it takes the old one's place; `{}` stands for the new text's path. Not 0: the old text stays. */
  readonly check?: readonly string[];
  readonly reload?: Reload;
}

/** Signals that a running process may take as "read your settings again". */
export const reloadSignals: readonly string[] = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGINT", "SIGTERM"];

const command = z.array(z.string().min(1)).min(1);

const reloadField: z.ZodType<Reload> = withRule(
  z.strictObject({
    signal: z.enum(reloadSignals).exactOptional(),
    http: z
      .strictObject({
        port: portField,
        path: z.string().startsWith("/").default("/"),
        method: z.enum(["GET", "POST", "PUT"]).default("POST"),
      })
      .exactOptional(),
    exec: command.exactOptional(),
  }),
  function* (value) {
    const there = ["signal", "http", "exec"].filter((key) => asRecord(value)[key] !== undefined);
    if (there.length === 1) return;
    yield {
      path: [],
      code: there.length === 0 ? "missing-key" : "conflict",
      message: there.length === 0 ? "Nothing says how to reload." : `${there.join(" and ")} both say how to reload.`,
      expected: "exactly one of signal, http, exec",
      hint: "Keep exactly one of signal, http, exec.",
    };
  },
);

export const configFileField: z.ZodType<ConfigFile> = withRule(
  z
    .strictObject({
      path: pathField,
      format: z.enum(["json", "yaml", "env", "template"]).exactOptional().describe("Absent: by the path's ending, else json."),
      template: z.string().min(1).exactOptional().describe("Liquid over the discovery document."),
      templateFile: z.string().min(1).exactOptional().describe("A file with the template, relative to plugin.yaml."),
      mode: z
        .string()
        .regex(/^0?[0-7]{3}$/, 'Permission bits in octal, in quotes, e.g. "0640".')
        .default("0644"),
      check: command.exactOptional().describe("Run on a new text before it counts; {} stands for its path."),
      reload: reloadField.exactOptional(),
    })
    .transform((file) => ({ ...file, format: file.format ?? formatOf(file.path, (file.template ?? file.templateFile) !== undefined) })),
  fileRules,
);

/** The format that a path's ending means. */
export function formatOf(path: string, hasTemplate = false): ConfigFileFormat {
  if (hasTemplate) return "template";
  if (/\.ya?ml$/.test(path)) return "yaml";
  return path.endsWith(".env") ? "env" : "json";
}

function* fileRules(value: unknown): Generator<PlainProblem> {
  const file = asRecord(value);
  const { template, templateFile, path } = file;
  const hasTemplate = template !== undefined || templateFile !== undefined;
  if (template !== undefined && templateFile !== undefined) {
    yield {
      path: ["templateFile"],
      code: "conflict",
      message: "template and templateFile both give the template.",
      hint: "Keep one of them.",
    };
  }
  yield* rootRule(path, ["path"]);
  if (file["format"] === "template" && !hasTemplate) {
    yield {
      path: ["template"],
      code: "missing-key",
      message: "A file of the format template needs its template.",
      hint: "Add `template:`.",
    };
  }
  if (hasTemplate && file["format"] !== undefined && file["format"] !== "template") {
    yield { path: ["format"], code: "conflict", message: `A file with a template has the format template, not ${String(file["format"])}.` };
  }
  const wrong = typeof template === "string" ? templateProblem(template) : undefined;
  if (wrong !== undefined) yield { path: ["template"], code: "wrong-value", message: wrong, hint: "See liquidjs.com for the language." };
}

function* rootRule(file: unknown, path: readonly PropertyKey[]): Generator<PlainProblem> {
  if (typeof file !== "string" || file.lastIndexOf("/") !== 0) return;
  yield {
    path,
    code: "wrong-value",
    message: `${file} stands in the root directory, and the directory of a kept file belongs to the platform.`,
    found: file,
    hint: "Give it a directory of its own, e.g. /etc/settings/.",
  };
}

/** The rules over a plug-in's files and the groups that name them. */
export function* filesRules(files: unknown, groups: unknown): Generator<PlainProblem> {
  const list = asRecords(files);
  yield* duplicates(list, "path", ["pod", "files"], "The file");
  const named = new Set(asRecords(groups).map((group) => group["file"]));
  for (const [index, group] of asRecords(groups).entries()) yield* rootRule(group["file"], ["config", index, "file"]);
  for (const [index, file] of list.entries()) {
    if (named.has(file["path"])) continue;
    yield {
      path: ["pod", "files", index, "path"],
      code: "unknown-reference",
      message: `No group of settings names the file ${String(file["path"])}, so nothing would be in it.`,
      found: String(file["path"]),
      hint: "Write `file: PATH` in a group with `inject: discovery`, or remove the file.",
    };
  }
}

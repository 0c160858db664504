import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  type Application,
  type ConfigValues,
  type GivenValue,
  isSecretFrom,
  type PlainProblem,
  type Problem,
  type SecretFrom,
} from "@outrigger/plugin";
import { fileReason } from "../read-file.ts";
import type { Project } from "./project.ts";

type Fetched = { readonly text: string } | { readonly reason: string };

/** Puts the text of every `{fromEnv}` and `{fromFile}` in its place; paths start at app.yaml's folder. What can't be had is a problem where it is asked for. */
export function resolveSecrets(project: Project): { readonly application: Application; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const components = project.application.spec.components.map((component, at) => ({
    ...component,
    plugins: component.plugins.map((use, index) => ({
      ...use,
      values: mapValues(use.values, ["spec", "components", at, "plugins", index, "values"], (value, path) => {
        if (!isSecretFrom(value)) return value;
        const fetched = fetchSecret(value, project.folder);
        if ("text" in fetched) return fetched.text;
        problems.push(project.source.place(missing(fetched.reason, path)));
        return value;
      }),
    })),
  }));
  return { application: { ...project.application, spec: { components } }, problems };
}

/** Replaces every single value, whether it hangs on a port or not. */
export function mapValues(
  values: ConfigValues,
  path: readonly PropertyKey[],
  change: (value: GivenValue, path: readonly PropertyKey[]) => GivenValue,
): ConfigValues {
  const visit = <T>(value: T, at: readonly PropertyKey[]): T => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || isSecretFrom(value))
      return change(value as GivenValue, at) as T;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, [...at, name])])) as T;
  };
  return visit(values, path);
}

/** The text that a secret's place holds; a file's last line break is no part of it. */
export function fetchSecret(from: SecretFrom, folder: string): Fetched {
  if (from.fromEnv !== undefined) {
    const text = process.env[from.fromEnv];
    return text === undefined ? { reason: `The variable ${from.fromEnv} is not set.` } : { text };
  }
  const file = resolve(folder, from.fromFile ?? "");
  try {
    return { text: readFileSync(file, "utf8").replace(/\r?\n$/, "") };
  } catch (error) {
    return { reason: `The file ${file} can't be read: ${fileReason(error)}.` };
  }
}

function missing(message: string, path: readonly PropertyKey[]): PlainProblem {
  return { path, code: "value-required", message, hint: "The secret is read when the file is applied, so it must be there then." };
}

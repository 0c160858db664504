import { clusterTypePattern, nearest, type PhaseName, type PlainProblem, parseImageReference, phaseNames } from "@outrigger/plugin";
import type { Origin } from "../model/origin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { unknownWord } from "./document-fields.ts";
import { resolvePath } from "./origin-paths.ts";
import { builtInTypes, type WrittenSpec } from "./plugin-schema.ts";
import { parseTargets } from "./targets.ts";
import { templateProblems } from "./template-checks.ts";

type Given = PluginDocument["given"];

/** The model's fields of a document's spec. @param say is told every mistake */
export function givenOf(spec: WrittenSpec, origin: Origin, say: (problem: PlainProblem) => void): Given {
  const { type, action, on, scope, entry, package: packageName, template, data: _, ...same } = spec;
  const path = etcdPath(spec);
  const data = path === undefined ? spec.data : { path };
  if (path !== undefined && spec.data !== undefined) say(twice("data", "on", "the path of the backup"));
  if (on !== undefined && scope !== undefined) say(twice("scope", "on", "where it runs"));
  if (template === true) for (const problem of templateProblems(data)) say(problem);
  const field = on === undefined ? "scope" : "on";
  const written = path === undefined ? (on ?? scope) : undefined;
  return {
    ...same,
    ...(type === undefined ? {} : { type: typeOf(type, say) }),
    ...(action === undefined ? {} : { phases: phasesOf(action, say) }),
    ...(written === undefined ? {} : { targets: targetsOf(written, ["spec", field], say), scoped: field === "scope" }),
    ...(data === undefined ? {} : { data }),
    ...(template === undefined ? {} : { template }),
    ...(entry === undefined ? {} : { entry: { origin, path: located(entry, origin, ["spec", "entry"], say) } }),
    ...(packageName === undefined ? {} : { package: packageOf(packageName, origin, say) }),
  };
}

/** Sealer's ETCD has the backup's path in `on`. */
export function etcdPath({ type, on }: Pick<WrittenSpec, "type" | "on">): string | undefined {
  return typeof on === "string" && (type === "ETCD" || type === undefined) && /^\.{0,2}\//.test(on.trim()) ? on.trim() : undefined;
}

export function typeOf(type: string, say: (problem: PlainProblem) => void): string {
  if (type === "Taint") return "TAINT";
  if (clusterTypePattern.test(type)) return type;
  const meant = nearest(type, builtInTypes);
  say({
    path: ["spec", "type"],
    code: "wrong-value",
    message: `${JSON.stringify(type)} is no type: it has capital letters, digits and underscores, e.g. SHELL or LIST_NODE.`,
    found: type,
    ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
  });
  return type;
}

export function phasesOf(action: string | readonly string[], say: (problem: PlainProblem) => void): readonly PhaseName[] {
  const words = typeof action === "string" ? action.split("|").map((word) => word.trim()) : action;
  const path = (index: number): readonly PropertyKey[] => (typeof action === "string" ? ["spec", "action"] : ["spec", "action", index]);
  const phases: PhaseName[] = [];
  for (const [index, word] of words.entries()) {
    const phase = phaseNames.find((name) => name === word);
    if (word === "")
      say({ path: path(index), code: "wrong-value", message: "An action is empty.", hint: "Name a phase, or several joined by `|`." });
    else if (phase === undefined) say(unknownWord(path(index), "action", word, phaseNames));
    else if (phases.includes(phase))
      say({ path: path(index), code: "duplicate-name", message: `The action ${word} stands twice.`, found: word });
    else phases.push(phase);
  }
  return phases;
}

export function targetsOf(
  written: string | readonly string[],
  path: readonly PropertyKey[],
  say: (problem: PlainProblem) => void,
): NonNullable<Given["targets"]> {
  const list = typeof written === "string" ? [written] : written;
  return list.flatMap((text, index) => {
    const { targets, problems } = parseTargets(text);
    for (const message of problems)
      say({ path: typeof written === "string" ? path : [...path, index], code: "wrong-value", message, found: text });
    return targets;
  });
}

/** A file's path as the model has it. */
export function located(path: string, origin: Origin, field: readonly PropertyKey[], say: (problem: PlainProblem) => void): string {
  const resolved = resolvePath(path, origin);
  if (resolved !== undefined) return resolved;
  const folder = origin.from === "image" ? "the image" : "the plug-in's folder";
  say({
    path: field,
    code: "wrong-value",
    message: `${JSON.stringify(path)} lies outside ${folder}.`,
    found: path,
    hint: "Name a file beside the document.",
  });
  return path;
}

function packageOf(name: string, origin: Origin, say: (problem: PlainProblem) => void): string {
  if (/^\.{0,2}\//.test(name)) return located(name, origin, ["spec", "package"], say);
  if (parseImageReference(name) === undefined) {
    say({
      path: ["spec", "package"],
      code: "wrong-value",
      message: `${JSON.stringify(name)} names no package.`,
      found: name,
      hint: "Write a reference such as example.org/team/list-nodes:1.0.0, or a folder with a plugin.yaml as ./list-nodes.",
    });
  }
  return name;
}

function twice(field: string, other: string, what: string): PlainProblem {
  return {
    path: ["spec", field],
    code: "conflict",
    message: `Both \`${other}\` and \`${field}\` say ${what}.`,
    hint: "Remove one of the two.",
  };
}

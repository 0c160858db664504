import { type ConfigGroup, nearest, type PlainProblem } from "@outrigger/plugin";
import type { PluginDocument } from "../model/plugin-document.ts";
import { builtInTypes } from "./plugin-schema.ts";
import { valueProblems } from "./plugin-values.ts";

type Given = PluginDocument["given"];

/** Where Sealer's own examples run the types that they give no action. */
const usualPhases: Readonly<Record<string, string>> = {
  HOSTNAME: "PreInit|PreJoin",
  LABEL: "PreGuest",
  TAINT: "PreGuest",
  CLUSTERCHECK: "PreGuest",
};

/** What only a script can have. */
const scriptFields = ["undo", "strict"] as const;

/**
 * What a plug-in lacks, or has too much, once its documents are merged. Paths begin at `spec`.
 * @param others names that a document which stands alone may have meant to override
 */
export function pluginProblems(
  name: string,
  given: Given,
  settings: readonly ConfigGroup[] | undefined,
  others: readonly string[],
): readonly PlainProblem[] {
  const nameless = given.type === undefined ? [noType(name, given.disabled === true, others)] : [];
  return given.disabled === true ? nameless : [...nameless, ...problemsOf(given, settings)];
}

function* problemsOf(given: Given, settings: readonly ConfigGroup[] | undefined): Generator<PlainProblem> {
  const { type, phases, data } = given;
  if (type !== undefined && phases === undefined) yield noAction(type);
  if (type === "SHELL" && (typeof data !== "string" || data.trim() === "")) {
    const message = "A SHELL plug-in needs a script as its data.";
    const code = data === undefined ? "missing-key" : typeof data === "string" ? "wrong-value" : "wrong-type";
    yield { path: ["spec", "data"], code, message, expected: "a text", hint: "Write data: | and the script's lines below it." };
  }
  if (type !== undefined && type !== "SHELL") {
    for (const field of scriptFields.filter((each) => given[each] !== undefined)) {
      const message = `\`${field}\` is for SHELL; ${type} ${field === "undo" ? "knows itself how to take back what it does" : "runs no script of yours"}.`;
      yield { path: ["spec", field], code: "unknown-key", message, found: field, hint: "Remove it." };
    }
  }
  if (type !== undefined && builtInTypes.includes(type)) {
    for (const field of (["entry", "package"] as const).filter((each) => given[each] !== undefined)) {
      const message = `${type} is built in and needs no code.`;
      yield {
        path: ["spec", field],
        code: "unknown-key",
        message,
        found: field,
        hint: "Remove it, or give the plug-in a type of its own.",
      };
    }
  }
  yield* valueProblems(settings, given.values);
}

function noType(name: string, disabled: boolean, others: readonly string[]): PlainProblem {
  const meant = nearest(name, others);
  const known = others.length === 0 ? "" : ` Plug-ins that can be overridden: ${others.slice(0, 20).join(", ")}.`;
  const mend = disabled ? "Mend the name." : "Give a type, or mend the name.";
  return {
    path: ["spec", "type"],
    code: disabled ? "unknown-reference" : "missing-key",
    message: disabled
      ? `There is no plug-in ${JSON.stringify(name)} to disable.`
      : `The plug-in ${JSON.stringify(name)} has no type, and there is none of its name that it could override.`,
    expected: builtInTypes.join(", "),
    hint: meant === undefined ? `${mend}${known}` : `Did you mean ${JSON.stringify(meant)}?`,
  };
}

function noAction(type: string): PlainProblem {
  const usual = usualPhases[type];
  return {
    path: ["spec", "action"],
    code: "missing-key",
    message: "This plug-in has no action, so it would never run.",
    expected: "a phase, or several joined by |",
    hint: usual === undefined ? "Name the phases at which it runs, e.g. action: PostInstall." : `${type} usually has action: ${usual}.`,
  };
}

import { type PlainProblem, type Problem, type ProblemCode, withoutPosition } from "@outrigger/plugin";
import type { BroughtPlugin } from "./plugin-code.ts";

/** Puts a problem where its document begins: nearer places are known only to who reads documents. */
export function placed({ origin }: BroughtPlugin, problem: PlainProblem): Problem {
  const file = origin.from === "image" ? `image ${origin.image} ${origin.path}` : origin.file;
  return { ...withoutPosition(problem, file), line: origin.line, column: 1 };
}

/** A problem with a plug-in's code, at the field that names it. */
export function codeProblem({ entry }: BroughtPlugin, code: ProblemCode, message: string, hint: string): PlainProblem {
  return { path: ["spec", entry === undefined ? "type" : "entry"], code, message, hint };
}

export function builtInTaken(type: string, path: string): PlainProblem {
  return {
    path: ["spec", "type"],
    code: "conflict",
    message: `The type ${type} is built in, and ${path} has it too.`,
    hint: "Give the code a type of its own, in `pluginType` and in the document.",
  };
}

export function consentMissing({ name, base }: BroughtPlugin): PlainProblem {
  return {
    path: ["spec", "privileges"],
    code: "privilege-not-granted",
    message: `${base?.from === "package" ? `The plug-in ${name} of the package ${base.package}` : `The image's plug-in ${name}`} asks to use this machine's files, network and programs (local).`,
    hint: `Look at its code; to let it, add --grant ${name}.`,
  };
}

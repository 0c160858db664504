import type { PlainProblem } from "@outrigger/plugin";
import { mapTexts, templateFault } from "./template.ts";

/** What is wrong with the templates of a document's data. */
export function templateProblems(data: unknown): readonly PlainProblem[] {
  return textsOf(data).flatMap((text) => {
    const fault = templateFault(text);
    if (fault === undefined) return [];
    const message = `The template can't be read (line ${fault.line}, column ${fault.column} of the data): ${fault.message}`;
    return [{ path: ["spec", "data"], code: "wrong-value" as const, message }];
  });
}

/** Data of a document of Sealer's that looks like a template, and does not say whether it is one. */
export function bracesTrap(data: unknown): readonly PlainProblem[] {
  const found = textsOf(data).flatMap((text) => /\{\{-?\s*\.[A-Za-z_]\w*\s*-?\}\}/.exec(text) ?? []);
  const [first] = found;
  if (first === undefined) return [];
  const message = `Sealer 0.8 filled ${first} in a Clusterfile from \`env\`. Here data stays as it is.`;
  const hint = "Set `template: true` to have it filled in, or `template: false` to say that it stays.";
  return [{ path: ["spec", "data"], code: "reads-differently", message, found: first, hint }];
}

function textsOf(data: unknown): readonly string[] {
  const texts: string[] = [];
  mapTexts(data, (text) => {
    texts.push(text);
    return text;
  });
  return texts;
}

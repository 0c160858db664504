import { countProblems, type Problem } from "@outrigger/plugin";
import { cliErrors } from "../errors.ts";

/** What is wrong with hosts and names that options gave. */
export function optionsInvalid(problems: readonly Problem[]): Error {
  return cliErrors["options-invalid"]({ count: countProblems(problems.length) }, { problems });
}

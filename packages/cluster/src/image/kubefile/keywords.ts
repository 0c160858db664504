import { nearest, type Problem } from "@outrigger/plugin";
import type { Instruction, ParsedDockerfile } from "@outrigger/registry";

/** Docker's own that a Kubefile may have. */
const docker = ["FROM", "COPY", "ADD", "RUN", "ARG", "ENV", "LABEL", "MAINTAINER", "WORKDIR", "CMD"];
/** Of Sealer 0.9 and later. */
const sealer = ["APP", "APPENV", "APPCMDS", "LAUNCH", "CMDS", "CNI", "CSI", "KUBEVERSION"];

export const keywords: readonly string[] = [...docker, ...sealer];

/** Everything wrong with a Kubefile that shows before it is carried out. */
export function kubefileProblems({ file, instructions }: ParsedDockerfile): readonly Problem[] {
  const problem = ({ line }: Pick<Instruction, "line">, message: string, hint: string): Problem => ({
    file,
    line,
    column: 1,
    path: "",
    code: "wrong-value",
    message,
    hint,
  });
  const unknown = instructions
    .filter(({ keyword }) => !keywords.includes(keyword))
    .map((each): Problem => {
      const meant = nearest(each.keyword, keywords);
      const hint = meant === undefined ? `Known are ${keywords.join(", ")}.` : `Did you mean ${meant}?`;
      return { ...problem(each, `There is no instruction ${each.keyword}.`, hint), code: "unknown-key", found: each.keyword };
    });
  const first = instructions.find(({ keyword }) => keyword !== "ARG");
  const start =
    first === undefined
      ? [problem({ line: 1 }, "There is no FROM.", "Begin with FROM scratch, or with the image to build on.")]
      : first.keyword === "FROM"
        ? []
        : [problem(first, `${first.keyword} stands before FROM.`, "The first instruction is FROM; only ARG may stand before it.")];
  return [...start, ...unknown, ...launchProblems(instructions, problem)].toSorted((a, b) => a.line - b.line);
}

/** One stage says in one way what is started. */
function launchProblems(
  instructions: readonly Instruction[],
  problem: (at: Instruction, message: string, hint: string) => Problem,
): readonly Problem[] {
  const problems: Problem[] = [];
  let said: Instruction | undefined;
  for (const each of instructions) {
    if (each.keyword === "FROM") said = undefined;
    if (!["CMD", "CMDS", "LAUNCH"].includes(each.keyword)) continue;
    if (said !== undefined && (said.keyword !== each.keyword || each.keyword !== "CMD")) {
      const message = `${each.keyword} stands beside the ${said.keyword} of line ${said.line}: it is not clear which counts.`;
      problems.push(problem(each, message, "Keep CMDs, or one CMDS, or one LAUNCH."));
    }
    said = each;
  }
  return problems;
}

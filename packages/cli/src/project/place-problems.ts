import { isOutriggerError, manifestInvalid, type Problem } from "@outrigger/plugin";
import type { Project } from "./project.ts";

/** What the server finds wrong with an application, at the lines of the file it came from. */
export async function placingProblems<T>({ file, source }: Pick<Project, "file" | "source">, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isOutriggerError(error) || error.status !== 422 || !error.problems.some(isUnplaced)) throw error;
    const problems = error.problems.map((problem) =>
      isUnplaced(problem) ? source.place({ ...problem, path: ["spec", ...parsePath(problem.path)] }) : problem,
    );
    throw manifestInvalid(file, problems);
  }
}

function isUnplaced({ file, path }: Problem): boolean {
  return file === "" && path.startsWith("components");
}

/** The way that a path in words names: `spec.config[0].name` -> `["spec", "config", 0, "name"]`. The inverse of formatPath. */
export function parsePath(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\w-]+)/g)].map(([, index, quoted, word = ""]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? word : (JSON.parse(quoted) as string);
  });
}

import { isOutriggerError, type PlainProblem, wordsOf } from "@outrigger/plugin";
import { clusterProtocol } from "@outrigger/sdk";
import { plainLine } from "@outrigger/sdk/process";
import { validatePatience } from "./called-type.ts";
import { digestOfCode } from "./code-digest.ts";
import { codeProblem } from "./code-problem.ts";
import { type BroughtPlugin, type FoundType, mayUseMachine, type PluginCode } from "./plugin-code.ts";
import { type PluginProcess, startPluginProcess } from "./plugin-process.ts";
import type { PluginPrograms } from "./plugin-programs.ts";

export interface TypeQuestion {
  readonly type: string;
  readonly code: PluginCode;
  /** The plug-ins of this type; at least one. */
  readonly users: readonly [BroughtPlugin, ...BroughtPlugin[]];
  readonly grants: readonly string[];
  readonly programs: PluginPrograms;
}

/** Starts a type's code once, asks who it is and what it says of its plug-ins' data, and ends it. */
export async function askType({ type, code, users, grants, programs }: TypeQuestion): Promise<FoundType | PlainProblem> {
  const [first] = users;
  const local = users.every((user) => mayUseMachine(user, grants));
  let process: PluginProcess | undefined;
  try {
    process = await startPluginProcess({ name: first.name, code, local, memory: programs.memory }, await programs.places(), () => {});
    const { hello, caller } = process;
    if (hello.protocol < 1 || hello.protocol > clusterProtocol) {
      const message = `${code.path} speaks version ${hello.protocol} of the protocol; versions 1 to ${clusterProtocol} are known here.`;
      return codeProblem(first, "wrong-value", message, "Use a version of the plug-in that speaks one of these, or a newer Outrigger.");
    }
    if (hello.type !== type) {
      const message = `${code.path} says that its type is ${plainLine(hello.type.slice(0, 80))}, where the document says ${type}.`;
      return codeProblem(first, "wrong-value", message, "Make the two the same.");
    }
    const dataProblems = new Map<string, readonly string[]>();
    for (const user of users) {
      if (!hello.validate || user.template === true) continue;
      const found = await caller.validate(user.data ?? null, validatePatience);
      if (found.length > 0) dataProblems.set(user.name, found);
    }
    return { type, code, undo: hello.undo, codeDigest: await digestOfCode(code), dataProblems };
  } catch (error) {
    return codeProblem(first, "wrong-value", wordsOf(error), isOutriggerError(error) ? error.hint : "Mend the code.");
  } finally {
    await process?.stop();
  }
}

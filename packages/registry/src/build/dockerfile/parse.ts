import type { PlainProblem, Problem } from "@outrigger/plugin";
import { DockerfileParser } from "dockerfile-ast";
import { registryErrors } from "../../errors.ts";

/** One instruction of a Dockerfile, its lines joined. */
export interface Instruction {
  /** In capitals. */
  readonly keyword: string;
  /** 1-based. */
  readonly line: number;
  readonly flags: readonly { readonly name: string; readonly value: string }[];
  /** What follows the flags. */
  readonly text: string;
  /** The texts of a JSON list, where it is one. */
  readonly list?: readonly string[];
  readonly heredoc: boolean;
}

export interface ParsedDockerfile {
  readonly file: string;
  readonly escape: string;
  readonly instructions: readonly Instruction[];
}

/** Takes a Dockerfile apart; what an instruction means is not looked at. */
export function parseDockerfile(text: string, file: string): ParsedDockerfile {
  const parsed = DockerfileParser.parse(text);
  const lines = text.split("\n");
  const instructions = parsed.getInstructions().map((each): Instruction => {
    const { start, end } = each.getRange();
    const { flags, rest } = takeFlags(joined(lines.slice(start.line, end.line + 1), parsed.getEscapeCharacter()));
    const list = listOf(rest);
    return {
      keyword: each.getKeyword().toUpperCase(),
      line: start.line + 1,
      flags,
      text: rest,
      ...(list === undefined ? {} : { list }),
      heredoc: /<<-?["']?\w/.test(rest),
    };
  });
  return { file, escape: parsed.getEscapeCharacter(), instructions };
}

/** An instruction's lines as one, without its keyword, the escape characters that join them, and comments and empty lines between. */
function joined(lines: readonly string[], escaper: string): string {
  return lines
    .filter((line, index) => index === 0 || (!/^\s*#/.test(line) && line.trim() !== ""))
    .map((line, index, all) => (index < all.length - 1 && line.trimEnd().endsWith(escaper) ? line.trimEnd().slice(0, -1) : line))
    .join("")
    .replace(/^\s*\w+\s*/, "");
}

function takeFlags(text: string): { readonly flags: Instruction["flags"]; readonly rest: string } {
  const flags: { name: string; value: string }[] = [];
  let rest = text.trimStart();
  for (let match = /^--([a-z-]+)(?:=(\S*))?(?:\s+|$)/.exec(rest); match !== null; match = /^--([a-z-]+)(?:=(\S*))?(?:\s+|$)/.exec(rest)) {
    flags.push({ name: match[1] ?? "", value: match[2] ?? "" });
    rest = rest.slice(match[0].length);
  }
  return { flags, rest: rest.trim() };
}

function listOf(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The error for one instruction. */
export function instructionWrong(file: string, line: number, problem: Omit<PlainProblem, "path">): Error {
  const placed: Problem = { ...problem, file, line, column: 1, path: "" };
  return registryErrors["dockerfile-unusable"]({ file, reason: `line ${line} is not understood` }, { problems: [placed] });
}

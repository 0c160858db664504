import type { Instruction, ParsedDockerfile } from "./parse.ts";

/** FROM and what follows it. */
export interface Stage {
  readonly from: Instruction;
  /** As `AS` names it, in lower case. */
  readonly name?: string;
  readonly body: readonly Instruction[];
}

export interface Stages {
  /** ARG before the first FROM. */
  readonly globals: readonly Instruction[];
  readonly stages: readonly Stage[];
}

export function stagesOf({ instructions }: ParsedDockerfile): Stages {
  const globals: Instruction[] = [];
  const stages: { from: Instruction; name?: string; body: Instruction[] }[] = [];
  for (const instruction of instructions) {
    const stage = stages.at(-1);
    if (instruction.keyword === "FROM") {
      const [, name] = /\sAS\s+(\S+)$/i.exec(instruction.text) ?? [];
      stages.push({ from: instruction, ...(name === undefined ? {} : { name: name.toLowerCase() }), body: [] });
    } else (stage?.body ?? globals).push(instruction);
  }
  return { globals, stages };
}

/** The stage that a name or number means, among those before `before`. */
export function stageNamed(stages: readonly Stage[], name: string, before: number): number | undefined {
  const named = stages.findLastIndex((stage, index) => index < before && stage.name === name.toLowerCase());
  if (named >= 0) return named;
  return /^\d+$/.test(name) && Number(name) < before ? Number(name) : undefined;
}

/** The stage to build and those that it needs, in order. Undefined where there is no such target. */
export function neededStages(stages: readonly Stage[], target: string | undefined): readonly number[] | undefined {
  const last = target === undefined ? stages.length - 1 : stageNamed(stages, target, stages.length);
  if (last === undefined || last < 0) return undefined;
  const needed = new Set<number>();
  const visit = (index: number): void => {
    const stage = stages[index];
    if (stage === undefined || needed.has(index)) return;
    needed.add(index);
    const names = [
      stage.from.text.split(/\s/)[0] ?? "",
      ...stage.body.flatMap(({ flags }) => flags.filter(({ name }) => name === "from").map(({ value }) => value)),
    ];
    for (const name of names) {
      const found = stageNamed(stages, name, index);
      if (found !== undefined) visit(found);
    }
  };
  visit(last);
  return [...needed].sort((a, b) => a - b);
}

/** What only a builder can do, e.g. RUN. Undefined where all of it can be done in-process. */
export function needsBuilder(
  stages: readonly Stage[],
  needed: readonly number[],
): { readonly line: number; readonly what: string } | undefined {
  for (const index of needed) {
    for (const instruction of stages[index]?.body ?? []) {
      const what = beyondUs(instruction);
      if (what !== undefined) return { line: instruction.line, what };
    }
  }
  return undefined;
}

const plainFlags = ["from", "chown", "chmod", "link"];

/** What of an instruction only a builder can do. */
export function beyondUs({ keyword, flags, text, heredoc }: Instruction): string | undefined {
  if (keyword === "RUN") return "RUN";
  if (keyword !== "COPY" && keyword !== "ADD") return undefined;
  if (heredoc) return `${keyword} of a heredoc`;
  const strange = flags.find(({ name }) => !plainFlags.includes(name));
  if (strange !== undefined) return `${keyword} --${strange.name}`;
  const owner = flags.find(({ name }) => name === "chown")?.value;
  if (owner !== undefined && !/^(\d+(:\d+)?|\$.*)$/.test(owner)) return `${keyword} --chown with names`;
  const mode = flags.find(({ name }) => name === "chmod")?.value;
  if (mode !== undefined && !/^([0-7]{3,4}|\$.*)$/.test(mode)) return `${keyword} --chmod with letters`;
  if (keyword === "COPY") return undefined;
  if (/(?:^|[\s["])(?:https?:\/\/|git@|ssh:\/\/)/.test(text)) return "ADD of an address";
  return /\.(?:bz2|xz|txz|tbz2?)\b/.test(text) ? "ADD of an archive that is compressed by bzip2 or xz" : undefined;
}

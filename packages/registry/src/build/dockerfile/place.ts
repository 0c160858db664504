import type { FileTree } from "../../layers/file-tree.ts";
import type { ImageFiles } from "../image-files.ts";
import { type Instruction, instructionWrong, type ParsedDockerfile } from "./parse.ts";
import type { StageState } from "./stage-state.ts";
import { expandWords, type Variables } from "./words.ts";

/** What carrying out one instruction needs. */
export interface InstructionPlace<Image extends ImageFiles = ImageFiles> {
  /** The number of the stage, from 0. */
  readonly stage: number;
  readonly state: StageState<Image>;
  /** A text of the instruction with its variables replaced, as words, or as one. @throws dockerfile-unusable */
  readonly words: (text: string, several?: boolean) => readonly string[];
  /** The error for this instruction, to be thrown. */
  readonly wrong: (message: string, hint?: string) => Error;
  /** COPY or ADD with other words (the destination last), with the instruction's flags, out of the context or another tree. */
  readonly copy: (words: readonly string[], from?: FileTree) => Promise<void>;
}

/** The words of a text. @throws dockerfile-unusable where quotes or braces are not closed */
export function expanded(
  text: string,
  line: number,
  variables: Variables,
  { file, escape: escaper }: ParsedDockerfile,
  several = true,
): readonly string[] {
  const words = expandWords(text, variables, escaper, several);
  if (words !== undefined) return words;
  throw instructionWrong(file, line, {
    code: "wrong-value",
    message: "A quote or brace is not closed, or a ${...} is not understood.",
  });
}

/** `NAME=VALUE`; no value where there is no `=`. */
export function pairOf(word: string): readonly [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** The pairs of ENV and LABEL: `NAME=VALUE ...`, or the old `NAME the whole rest`. @throws dockerfile-unusable for a name without a value */
export function pairsOf({ keyword, text }: Instruction, { words, wrong }: InstructionPlace): readonly (readonly [string, string])[] {
  const [, old = text, rest] = /^(\S+)\s+(.*)$/s.exec(text) ?? [];
  const pairs = /^\S+=/.test(text) ? words(text).map(pairOf) : [[old, rest === undefined ? undefined : words(rest, false)[0]] as const];
  return pairs.map(([name, value]) => {
    if (value === undefined) throw wrong(`${keyword} ${name} has no value.`);
    return [name, value];
  });
}

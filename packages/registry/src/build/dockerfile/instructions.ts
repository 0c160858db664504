import { posix } from "node:path";
import { directoryPiece } from "../pieces.ts";
import type { Instruction } from "./parse.ts";
import { type InstructionPlace, pairOf, pairsOf } from "./place.ts";
import { expandWords, type Variables } from "./words.ts";

/** What says how containers are run in ways that nobody here asks for. */
const withoutEffect = ["EXPOSE", "HEALTHCHECK", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"];

export interface InstructionContext {
  readonly escaper: string;
  readonly variables: Variables;
  /** ARG before the first FROM, and what is set for every build. */
  readonly known: Variables;
  /** Given for the build. */
  readonly args: Readonly<Record<string, string>>;
}

/** Carries out one of Docker's instructions. @throws dockerfile-unusable */
export async function carryOutInstruction(
  instruction: Instruction,
  place: InstructionPlace,
  { escaper, variables, known, args }: InstructionContext,
): Promise<void> {
  const { state, words, wrong, copy } = place;
  const command = (): readonly string[] => instruction.list ?? ["/bin/sh", "-c", instruction.text];
  switch (instruction.keyword) {
    case "ARG":
      for (const word of words(instruction.text)) {
        const [name, value] = pairOf(word);
        const given = args[name] ?? value ?? known(name);
        if (given !== undefined) state.args.set(name, given);
      }
      return;
    case "ENV":
      for (const [name, value] of pairsOf(instruction, place)) state.env.set(name, value);
      return;
    case "LABEL":
      for (const [name, value] of pairsOf(instruction, place)) state.labels.set(name, value);
      return;
    case "WORKDIR": {
      const [path = ""] = words(instruction.text, false);
      state.workdir = posix.resolve(state.workdir || "/", path);
      const resolved = state.tree.resolve(state.workdir);
      if (state.tree.at(resolved) === undefined) state.tree.put(directoryPiece(resolved));
      return;
    }
    case "ENTRYPOINT":
      state.entrypoint = command();
      state.cmd = [];
      return;
    case "CMD":
      state.cmd = command();
      return;
    case "COPY":
    case "ADD":
      return copy(instruction.list?.flatMap((text) => expandWords(text, variables, escaper, false) ?? "") ?? words(instruction.text));
    default:
      if (withoutEffect.includes(instruction.keyword)) return;
      throw wrong(`There is no instruction ${instruction.keyword}.`);
  }
}

import { beyondUs, type DockerfileExtension, type FileTree, type Instruction, type InstructionPlace, pairOf } from "@outrigger/registry";
import { runInTree } from "../run/run-in-tree.ts";
import type { BaseImage } from "../write/base-image.ts";
import { commandInstruction } from "./commands.ts";
import { copyFiles } from "./copy-files.ts";
import { inheritNotes, newNotes, type StageNotes } from "./notes.ts";

export interface KubefileContext {
  readonly context: FileTree;
  /** Trees that must stay open until the image is written. */
  readonly opened: FileTree[];
  readonly architecture: string;
  /** Given for the build. */
  readonly args: Readonly<Record<string, string>>;
  /** Told what RUN writes, a line at a time. */
  readonly say: (line: string) => void;
}

/** What a Kubefile has that a Dockerfile has not; `notes` gives what a stage has said, once it is carried out. */
export interface KubefileExtension extends DockerfileExtension<BaseImage> {
  readonly notes: (stage: number) => StageNotes;
}

export function kubefileExtension(kubefile: KubefileContext): KubefileExtension {
  const stages = new Map<number, StageNotes>();
  const notesOf = (stage: number): StageNotes => stages.get(stage) ?? newNotes([], []);
  return {
    variables: { ARCH: kubefile.architecture },
    notes: notesOf,
    begin: (stage, { base }, parent) => {
      const record = base?.record;
      stages.set(
        stage,
        parent === undefined ? newNotes(record?.commands ?? [], record?.applications ?? []) : inheritNotes(notesOf(parent)),
      );
    },
    carryOut: async (instruction, place) => {
      const notes = notesOf(place.stage);
      const copy = (words: readonly string[]): Promise<void> => copyFiles(instruction, words, place, notes, kubefile);
      switch (instruction.keyword) {
        case "COPY":
        case "ADD":
          checkCopy(instruction, place);
          await copy(instruction.list?.map((word) => place.words(word, false)[0] ?? "") ?? place.words(instruction.text));
          return true;
        case "RUN":
          await runInTree(instruction, place, kubefile);
          return true;
        case "ARG":
          return argumentList(instruction, place, notes, kubefile.args);
        default:
          return await commandInstruction(instruction, place, notes, (sources, destination) => copy([...sources, destination]));
      }
    },
  };
}

/** What BuildKit could do, and we don't. */
function checkCopy(instruction: Instruction, { wrong }: InstructionPlace): void {
  const flags = instruction.flags.filter(({ name }) => name !== "checksum");
  // Addresses are fetched here.
  const text = instruction.text.replaceAll(/https?:\/\/\S+/g, "");
  const what = beyondUs({ ...instruction, flags, text });
  if (what !== undefined) throw wrong(`A Kubefile can't have ${what}.`, "Prepare the files before, or in a RUN.");
}

/** Sealer's `ARG A=1,B=2`. */
function argumentList(
  { text, line }: Instruction,
  { state, words }: InstructionPlace,
  notes: StageNotes,
  args: KubefileContext["args"],
): boolean {
  if (!/^\w+=[^,\s]*(,\w+=[^,\s]*)+$/.test(text)) return false;
  notes.said.push(`line ${line}: ARG with commas is taken as several arguments, as Sealer has it.`);
  for (const pair of text.split(",")) {
    const [name, value = ""] = pairOf(words(pair, false)[0] ?? "");
    state.args.set(name, args[name] ?? value);
  }
  return true;
}

import type { FileTree } from "../../layers/file-tree.ts";
import type { ImageFiles } from "../image-files.ts";
import { copyInstruction } from "./copy-instruction.ts";
import { carryOutInstruction } from "./instructions.ts";
import { type Instruction, instructionWrong, type ParsedDockerfile } from "./parse.ts";
import { expanded, type InstructionPlace, pairOf } from "./place.ts";
import { imageOf, inherit, type StageState, stateFrom } from "./stage-state.ts";
import { type Stage, type Stages, stageNamed } from "./stages.ts";
import type { Variables } from "./words.ts";

/** What a language has that Dockerfiles have not. */
export interface DockerfileExtension<Image extends ImageFiles = ImageFiles> {
  /** Variables that every stage begins with, beside BuildKit's. */
  readonly variables?: Readonly<Record<string, string>>;
  /** A stage begins; `parent` is the stage that it is FROM. */
  readonly begin?: (stage: number, state: StageState<Image>, parent: number | undefined) => void;
  /** Carries an instruction out; false: by Docker's rules. @throws dockerfile-unusable */
  readonly carryOut: (instruction: Instruction, place: InstructionPlace<Image>) => Promise<boolean>;
}

export interface InterpretOptions<Image extends ImageFiles = ImageFiles> {
  readonly parsed: ParsedDockerfile;
  readonly stages: Stages;
  /** Of the stages that are built, in order; the last is the result. */
  readonly needed: readonly number[];
  readonly context: FileTree;
  readonly args: Readonly<Record<string, string>>;
  /** As Go names it; the system is linux. */
  readonly architecture: string;
  readonly openImage: (reference: string, architecture: string) => Promise<Image>;
  readonly extension?: DockerfileExtension<Image>;
}

/** What a Dockerfile makes. */
export interface Interpreted<Image extends ImageFiles = ImageFiles> extends ImageFiles, Pick<StageState<Image>, "base" | "steps"> {}

/** Carries out a Dockerfile without RUN. The trees of its images are in `opened`, and must stay open as long as the result. @throws dockerfile-unusable */
export async function interpretDockerfile<Image extends ImageFiles>(
  options: InterpretOptions<Image>,
  opened: FileTree[],
): Promise<Interpreted<Image>> {
  const built = new Map<number, StageState<Image>>();
  for (const index of options.needed) built.set(index, await buildStage(index, options, built, opened));
  const last = built.get(options.needed.at(-1) ?? -1);
  if (last === undefined) throw instructionWrong(options.parsed.file, 1, { code: "missing-key", message: "There is no FROM." });
  const { base, steps } = last;
  return { ...imageOf(last, options.architecture), steps, ...(base === undefined ? {} : { base }) };
}

async function buildStage<Image extends ImageFiles>(
  index: number,
  options: InterpretOptions<Image>,
  built: ReadonlyMap<number, StageState<Image>>,
  opened: FileTree[],
): Promise<StageState<Image>> {
  const { stages, globals } = options.stages;
  const stage = stages[index] as Stage;
  const known = globalVariables(globals, options);
  const [base = ""] = expanded(stage.from.text.split(/\s/)[0] ?? "", stage.from.line, known, options.parsed);
  const earlier = stageNamed(stages, base, index);
  const parent = earlier === undefined ? undefined : built.get(earlier);
  const state = parent === undefined ? await fromImage(base, stage, known, options, opened) : inherit(parent);
  options.extension?.begin?.(index, state, earlier);
  for (const instruction of stage.body) {
    await carryOut(instruction, state, index, known, options, built, opened);
    const changes = state.tree.takeChanges();
    if (changes !== undefined) state.steps.push({ instruction, changes });
  }
  return state;
}

async function fromImage<Image extends ImageFiles>(
  base: string,
  stage: Stage,
  known: Variables,
  options: InterpretOptions<Image>,
  opened: FileTree[],
): Promise<StageState<Image>> {
  if (base === "scratch") return stateFrom();
  if (base === "") throw instructionWrong(options.parsed.file, stage.from.line, { code: "wrong-value", message: "FROM names no image." });
  const flag = stage.from.flags.find(({ name }) => name === "platform")?.value;
  const [platform] = flag === undefined ? [] : expanded(flag, stage.from.line, known, options.parsed);
  const image = await options.openImage(base, platform?.split("/")[1] ?? options.architecture);
  opened.push(image.tree);
  return stateFrom(image);
}

async function carryOut<Image extends ImageFiles>(
  instruction: Instruction,
  state: StageState<Image>,
  index: number,
  known: Variables,
  options: InterpretOptions<Image>,
  built: ReadonlyMap<number, StageState<Image>>,
  opened: FileTree[],
): Promise<void> {
  const { parsed, extension, args, context } = options;
  const extra = extension?.variables ?? {};
  const variables: Variables = (name) =>
    state.env.get(name) ?? state.args.get(name) ?? (Object.hasOwn(extra, name) ? extra[name] : undefined);
  const words: InstructionPlace["words"] = (text, several) => expanded(text, instruction.line, variables, parsed, several);
  const wrong: InstructionPlace["wrong"] = (message, hint) =>
    instructionWrong(parsed.file, instruction.line, { code: "wrong-value", message, ...(hint === undefined ? {} : { hint }) });
  const treeNamed = async (name: string): Promise<FileTree> => {
    const stage = built.get(stageNamed(options.stages.stages, name, index) ?? -1);
    if (stage !== undefined) return stage.tree.tree();
    const { tree } = await options.openImage(name, options.architecture);
    opened.push(tree);
    return tree;
  };
  const place: InstructionPlace<Image> = {
    stage: index,
    state,
    words,
    wrong,
    copy: (given, from) => copyInstruction(instruction, given, from, { state, words, wrong }, { context, treeNamed, opened }),
  };
  if ((await extension?.carryOut(instruction, place)) === true) return;
  await carryOutInstruction(instruction, place, { escaper: parsed.escape, variables, known, args });
}

/** ARG before the first FROM, and what BuildKit sets for every build. */
function globalVariables<Image extends ImageFiles>(
  globals: readonly Instruction[],
  { architecture, args, parsed, extension }: InterpretOptions<Image>,
): Variables {
  const values = new Map<string, string>(Object.entries(extension?.variables ?? {}));
  for (const side of ["TARGET", "BUILD"]) {
    values.set(`${side}OS`, "linux").set(`${side}ARCH`, architecture).set(`${side}PLATFORM`, `linux/${architecture}`);
  }
  for (const { keyword, line, text } of globals) {
    if (keyword !== "ARG") {
      throw instructionWrong(parsed.file, line, { code: "wrong-value", message: `${keyword} stands before FROM.` });
    }
    const [name, value] = pairOf(expanded(text, line, (each) => values.get(each), parsed)[0] ?? "");
    const given = args[name] ?? value;
    if (given !== undefined) values.set(name, given);
  }
  return (name) => values.get(name);
}

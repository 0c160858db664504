import { posix } from "node:path";
import type { FileTree } from "../../layers/file-tree.ts";
import type { ImageFiles } from "../image-files.ts";
import { copyInto } from "./copy.ts";
import { type Instruction, instructionWrong, type ParsedDockerfile } from "./parse.ts";
import { StageTree } from "./stage-tree.ts";
import { type Stage, type Stages, stageNamed } from "./stages.ts";
import { expandWords, type Variables } from "./words.ts";

export interface InterpretOptions {
  readonly parsed: ParsedDockerfile;
  readonly stages: Stages;
  /** Of the stages that are built, in order; the last is the result. */
  readonly needed: readonly number[];
  readonly context: FileTree;
  readonly args: Readonly<Record<string, string>>;
  /** As Go names it; the system is linux. */
  readonly architecture: string;
  readonly openImage: (reference: string, architecture: string) => Promise<ImageFiles>;
}

interface Built {
  readonly tree: StageTree;
  readonly env: Map<string, string>;
  readonly args: Map<string, string>;
  workdir: string;
  entrypoint: readonly string[];
  cmd: readonly string[];
}

/** What says how containers are run in ways that nobody here asks for. */
const withoutEffect = ["EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"];

/** Carries out a Dockerfile without RUN. The trees of its images are in `opened`, and must stay open as long as the result. @throws dockerfile-unusable */
export async function interpretDockerfile(options: InterpretOptions, opened: FileTree[]): Promise<ImageFiles> {
  const built = new Map<number, Built>();
  for (const index of options.needed) built.set(index, await buildStage(index, options, built, opened));
  const last = built.get(options.needed.at(-1) ?? -1);
  if (last === undefined) throw instructionWrong(options.parsed.file, 1, { code: "missing-key", message: "There is no FROM." });
  const env = [...last.env].map(([name, value]) => `${name}=${value}`);
  const { entrypoint, cmd, workdir } = last;
  return { tree: last.tree.tree(), config: { entrypoint, cmd, env, workdir, architecture: options.architecture } };
}

async function buildStage(index: number, options: InterpretOptions, built: Map<number, Built>, opened: FileTree[]): Promise<Built> {
  const { stages, globals } = options.stages;
  const stage = stages[index] as Stage;
  const known = globalVariables(globals, options);
  const [base = ""] = wordsOf({ ...stage.from, text: stage.from.text.split(/\s/)[0] ?? "" }, known, options);
  const earlier = stageNamed(stages, base, index);
  const parent = earlier === undefined ? undefined : built.get(earlier);
  const state = parent === undefined ? await fromImage(base, stage, known, options, opened) : inherit(parent);
  for (const instruction of stage.body) await carryOut(instruction, state, index, known, options, built, opened);
  return state;
}

function inherit(parent: Built): Built {
  return { ...parent, tree: new StageTree(parent.tree.tree()), env: new Map(parent.env), args: new Map() };
}

async function fromImage(base: string, stage: Stage, known: Variables, options: InterpretOptions, opened: FileTree[]): Promise<Built> {
  const empty = { env: new Map<string, string>(), args: new Map<string, string>(), workdir: "", entrypoint: [], cmd: [] };
  if (base === "scratch") return { tree: new StageTree(), ...empty };
  if (base === "") throw instructionWrong(options.parsed.file, stage.from.line, { code: "wrong-value", message: "FROM names no image." });
  const flag = stage.from.flags.find(({ name }) => name === "platform")?.value;
  const [platform] = flag === undefined ? [] : wordsOf({ ...stage.from, text: flag }, known, options);
  const { tree, config } = await options.openImage(base, platform?.split("/")[1] ?? options.architecture);
  opened.push(tree);
  const env = new Map(config.env.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)] as const));
  return { tree: new StageTree(tree), ...empty, env, workdir: config.workdir, entrypoint: config.entrypoint, cmd: config.cmd };
}

async function carryOut(
  instruction: Instruction,
  state: Built,
  index: number,
  known: Variables,
  options: InterpretOptions,
  built: Map<number, Built>,
  opened: FileTree[],
): Promise<void> {
  const variables: Variables = (name) => state.env.get(name) ?? state.args.get(name);
  const wrong = (message: string, hint?: string): Error =>
    instructionWrong(options.parsed.file, instruction.line, { code: "wrong-value", message, ...(hint === undefined ? {} : { hint }) });
  const command = (): readonly string[] => instruction.list ?? ["/bin/sh", "-c", instruction.text];
  switch (instruction.keyword) {
    case "ARG":
      for (const word of wordsOf(instruction, variables, options)) {
        const [name = "", value] = split(word);
        const given = options.args[name] ?? value ?? known(name);
        if (given !== undefined) state.args.set(name, given);
      }
      return;
    case "ENV": {
      const pairs = /^\S+=/.test(instruction.text)
        ? wordsOf(instruction, variables, options).map(split)
        : [oldPair(instruction, variables, options)];
      for (const [name, value] of pairs) {
        if (value === undefined) throw wrong(`ENV ${name} has no value.`);
        state.env.set(name, value);
      }
      return;
    }
    case "WORKDIR": {
      const [path = ""] = wordsOf(instruction, variables, options, false);
      state.workdir = posix.resolve(state.workdir || "/", path);
      const resolved = state.tree.resolve(state.workdir);
      if (state.tree.at(resolved) === undefined) {
        state.tree.put({ entry: { path: resolved, kind: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, modified: 0 } });
      }
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
      return copy(instruction, state, index, variables, options, built, opened, wrong);
    default:
      if (withoutEffect.includes(instruction.keyword)) return;
      throw wrong(`There is no instruction ${instruction.keyword}.`);
  }
}

async function copy(
  instruction: Instruction,
  state: Built,
  index: number,
  variables: Variables,
  options: InterpretOptions,
  built: Map<number, Built>,
  opened: FileTree[],
  wrong: (message: string, hint?: string) => Error,
): Promise<void> {
  const flagged = (name: string): string | undefined => {
    const flag = instruction.flags.find((each) => each.name === name);
    return flag === undefined ? undefined : wordsOf({ ...instruction, text: flag.value }, variables, options)[0];
  };
  const words =
    instruction.list?.flatMap((text) => expandWords(text, variables, options.parsed.escape, false) ?? "") ??
    wordsOf(instruction, variables, options);
  const [destination, ...sources] = words.toReversed();
  if (destination === undefined || sources.length === 0) throw wrong(`${instruction.keyword} needs a source and a destination.`);
  const owner = flagged("chown");
  const mode = flagged("chmod");
  if (owner !== undefined && !/^\d+(?::\d+)?$/.test(owner)) throw wrong(`--chown=${owner} is no number.`, "Write UID:GID.");
  if (mode !== undefined && !/^[0-7]{3,4}$/.test(mode)) throw wrong(`--chmod=${mode} is no octal number.`, "Write e.g. 0755.");
  const [uid = 0, gid = uid] = (owner ?? "").split(":").filter(Boolean).map(Number);
  const from = flagged("from");
  const earlier = from === undefined ? undefined : stageNamed(options.stages.stages, from, index);
  let files = options.context;
  if (earlier !== undefined) files = built.get(earlier)?.tree.tree() ?? files;
  else if (from !== undefined) {
    files = (await options.openImage(from, options.architecture)).tree;
    opened.push(files);
  }
  const folder = /(?:^|\/)\.?$/.test(destination) ? "/" : "";
  const result = await copyInto(state.tree, {
    from: files,
    sources: sources.toReversed(),
    destination: `${posix.resolve(state.workdir || "/", destination)}${folder}`.replace(/^\/\/$/, "/"),
    owner: { uid, gid },
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    ...(instruction.keyword === "ADD" ? { unpackInto: opened } : {}),
  });
  if (result !== undefined)
    throw wrong(`${instruction.keyword}: ${result.refusal}.`, from === undefined ? "Is it in .dockerignore?" : undefined);
}

function wordsOf(instruction: Instruction, variables: Variables, { parsed }: InterpretOptions, several = true): readonly string[] {
  const words = expandWords(instruction.text, variables, parsed.escape, several);
  if (words !== undefined) return words;
  throw instructionWrong(parsed.file, instruction.line, {
    code: "wrong-value",
    message: "A quote or brace is not closed, or a ${...} is not understood.",
  });
}

function split(pair: string): readonly [string, string | undefined] {
  const at = pair.indexOf("=");
  return at < 0 ? [pair, undefined] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** `ENV NAME the whole rest` */
function oldPair(instruction: Instruction, variables: Variables, options: InterpretOptions): readonly [string, string | undefined] {
  const [, name = instruction.text, rest] = /^(\S+)\s+(.*)$/s.exec(instruction.text) ?? [];
  return [name, rest === undefined ? undefined : wordsOf({ ...instruction, text: rest }, variables, options, false)[0]];
}

/** ARG before the first FROM, and what BuildKit sets for every build. */
function globalVariables(globals: readonly Instruction[], options: InterpretOptions): Variables {
  const { architecture, args } = options;
  const values = new Map<string, string>();
  for (const side of ["TARGET", "BUILD"]) {
    values.set(`${side}OS`, "linux").set(`${side}ARCH`, architecture).set(`${side}PLATFORM`, `linux/${architecture}`);
  }
  for (const instruction of globals) {
    if (instruction.keyword !== "ARG") {
      throw instructionWrong(options.parsed.file, instruction.line, {
        code: "wrong-value",
        message: `${instruction.keyword} stands before FROM.`,
      });
    }
    const [name = "", value] = split(wordsOf(instruction, (each) => values.get(each), options)[0] ?? "");
    const given = args[name] ?? value;
    if (given !== undefined) values.set(name, given);
  }
  return (name) => values.get(name);
}

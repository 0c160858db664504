import { posix } from "node:path";
import { type FileEntry, type FileTree, firstBytes, readElf, type TreeFiles, treeFiles } from "@outrigger/registry";
import type { PluginConfig } from "../plugin-config.ts";
import { failure, type PlainFinding, warning } from "./finding.ts";

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Program headers and the loader's name stand at a file's start. */
const headBytes = 64 * 1024;
const entrypoint = ["Entrypoint", 0];

export function* entrypointRules({ Entrypoint }: PluginConfig): Generator<PlainFinding> {
  if ((Entrypoint ?? []).length > 0 && Entrypoint?.[0] !== "") return;
  yield failure(["Entrypoint"], "missing-key", "It has no entry point, so an engine has nothing to start.", {
    expected: 'program and arguments, e.g. ["/usr/bin/driver"]',
  });
}

/** What the configuration asks of the root filesystem. `architecture` as Go names it: that of the engines it is for. */
export async function* rootfsRules(config: PluginConfig, tree: FileTree, architecture?: string): AsyncGenerator<PlainFinding> {
  const files = treeFiles(tree);
  if (files.follow("run/docker/plugins")?.kind !== "directory") {
    yield warning([], "unknown-reference", "The root filesystem has no folder /run/docker/plugins for the socket.", {
      hint: "`outrigger driver build` adds it.",
    });
  }
  const propagated = config.PropagatedMount;
  if (propagated.startsWith("/") && files.follow(propagated)?.kind !== "directory") {
    const words = { found: propagated, hint: "`outrigger driver build` adds it." };
    yield warning(["PropagatedMount"], "unknown-reference", `The root filesystem has no folder ${propagated}.`, words);
  }
  const program = config.Entrypoint?.[0];
  if (program === undefined || program === "") return;
  const candidates = program.includes("/") ? [posix.join(config.WorkDir || "/", program)] : searched(config, program);
  if (program.startsWith("/")) candidates.splice(0, candidates.length, program);
  if (candidates.some((path) => isMounted(config, path))) return;
  const found = candidates.find((path) => files.follow(path) !== undefined);
  if (found === undefined) yield missing(files, program, candidates);
  else yield* programRules(files, found, architecture, 0);
}

function searched(config: PluginConfig, program: string): string[] {
  const path = (config.Env ?? []).find(({ Name }) => Name === "PATH")?.Value ?? usualPath;
  return path.split(":").map((folder) => posix.join("/", folder, program));
}

function isMounted(config: PluginConfig, path: string): boolean {
  return [...(config.Mounts ?? []).map(({ Destination }) => Destination), config.PropagatedMount].some(
    (place) => place !== "" && path.startsWith(`${place.replace(/\/+$/, "")}/`),
  );
}

function missing(files: TreeFiles, program: string, candidates: readonly string[]): PlainFinding {
  const name = posix.basename(program);
  const elsewhere = files.tree.entries.find((entry) => entry.kind !== "directory" && posix.basename(entry.path) === name);
  const dangling = candidates.map((path) => files.at(path)).find((entry) => entry?.kind === "symlink");
  return failure(
    entrypoint,
    "unknown-reference",
    `The root filesystem has no ${program}${dangling === undefined ? "" : ": a symlink that leads nowhere"}.`,
    {
      found: program,
      ...(elsewhere === undefined ? {} : { hint: `There is /${elsewhere.path}.` }),
    },
  );
}

async function* programRules(
  files: TreeFiles,
  path: string,
  architecture: string | undefined,
  depth: number,
): AsyncGenerator<PlainFinding> {
  const entry = files.follow(path);
  if (entry === undefined || entry.kind !== "file") {
    yield failure(entrypoint, "wrong-value", `${path} is no file but a ${entry?.kind ?? "link that leads nowhere"}.`, { found: path });
    return;
  }
  if ((entry.mode & 0o111) === 0) {
    const found = `0${entry.mode.toString(8)}`;
    yield failure(entrypoint, "wrong-value", `${path} is not executable.`, { found, expected: "0755", hint: "chmod +x" });
  }
  const head = await firstBytes(files.tree, entry, headBytes);
  const elf = readElf((offset, length) => head.subarray(offset, offset + length));
  if (elf !== undefined) {
    if (architecture !== undefined && elf.architecture !== architecture) {
      const words = { found: elf.architecture, expected: architecture };
      yield failure(entrypoint, "wrong-value", `${path} is a program for ${elf.architecture}, not for ${architecture}.`, words);
    }
    if (elf.interpreter !== undefined && !isFile(files.follow(elf.interpreter))) {
      yield failure(
        entrypoint,
        "unknown-reference",
        `${path} needs the dynamic loader ${elf.interpreter}, which the root filesystem has not.`,
        {
          found: elf.interpreter,
          hint: "Link the program statically, or add the loader and the libraries.",
        },
      );
    }
  } else yield* scriptRules(files, path, head, architecture, depth);
}

async function* scriptRules(
  files: TreeFiles,
  path: string,
  head: Uint8Array,
  architecture: string | undefined,
  depth: number,
): AsyncGenerator<PlainFinding> {
  const [line = ""] = Buffer.from(head.subarray(0, 256)).toString("latin1").split("\n");
  if (!line.startsWith("#!")) {
    const words = { expected: "an ELF program, or a script that begins with #!" };
    yield failure(entrypoint, "wrong-value", `${path} is no program of Linux.`, words);
    return;
  }
  if (line.endsWith("\r")) {
    yield failure(
      entrypoint,
      "wrong-value",
      `The first line of ${path} ends as Windows writes lines; Linux takes the \\r for a part of the name.`,
    );
    return;
  }
  const [interpreter = "", argument] = line.slice(2).trim().split(/\s+/);
  const wanted = posix.basename(interpreter) === "env" && argument !== undefined ? [interpreter, argument] : [interpreter];
  for (const each of wanted) {
    const places = each.includes("/") ? [each] : usualPath.split(":").map((folder) => `${folder}/${each}`);
    const found = places.find((place) => isFile(files.follow(place)));
    if (found === undefined) {
      const message = `${path} is a script for ${each}, which the root filesystem has not.`;
      yield failure(entrypoint, "unknown-reference", message, { found: line });
    } else if (depth < 4 && each === wanted.at(-1)) yield* programRules(files, found, architecture, depth + 1);
  }
}

function isFile(entry: FileEntry | undefined): boolean {
  return entry?.kind === "file";
}

import { quoteWord } from "../shell-words.ts";

/** A command of the host for many paths, which are bytes (latin1) below the folder in which it runs, without `./`. */
export interface PathCommand {
  readonly words: readonly string[];
  readonly paths: readonly string[];
  /** Runs in the staging folder, not in the folder itself, and moves to this folder of the latter. */
  readonly into?: string;
}

/** Where things lie while a folder is made: beside it, so that they are moved by a rename. */
export function besideFolder(folder: string): string {
  const at = folder.lastIndexOf("/");
  return `${folder.slice(0, at)}/.${folder.slice(at + 1)}.outrigger`;
}

/** A bash function that reads a list of so many bytes on stdin and calls its words with these paths: a command line has no room for all. */
export const applyFunction: string = `apply() {
  head -c "$1" > "$w/list" && xargs -0 -r -a "$w/list" "\${@:2}"
}
`;

/** One call of `apply` for each command; reads {@link pathLists}. */
export function applyLines(commands: readonly PathCommand[]): string {
  return commands
    .map((command) => {
      const call = `apply ${listOf(command).length} ${command.words.map(quoteWord).join(" ")}`;
      const into = command.into;
      return into === undefined ? `  ${call} -- || return 1` : `  (cd -- "$w/new" && ${call} -t "$f"/${quoteWord(into)} --) || return 1`;
    })
    .join("\n");
}

export function pathLists(commands: readonly PathCommand[]): Buffer {
  return Buffer.concat(commands.map(listOf));
}

function listOf({ paths }: PathCommand): Buffer {
  return Buffer.from(paths.map((path) => `./${path}\0`).join(""), "latin1");
}

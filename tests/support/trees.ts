import { digestOf, type FileTree } from "@outrigger/registry";

/** Each file of a tree in one line, with its content in short; the root is left out. `with` chooses what else is shown. */
export async function describeTree(tree: FileTree, shown: (path: string) => boolean = () => true): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const entry of tree.entries) {
    if (entry.path === "" || !shown(entry.path)) continue;
    const words = [entry.path, entry.kind, entry.mode.toString(8), `${entry.uid}:${entry.gid}`, String(entry.modified)];
    if (entry.target !== undefined) words.push(`-> ${entry.target}`);
    if (entry.kind === "file") words.push(inShort(Buffer.concat(await Array.fromAsync(tree.content(entry)))));
    for (const [name, value] of Object.entries(entry.attributes ?? {})) words.push(`${name}=${Buffer.from(value).toString("hex")}`);
    lines.push(words.join(" "));
  }
  return lines;
}

function inShort(content: Buffer): string {
  return content.length > 100 ? digestOf(content) : JSON.stringify(content.toString("latin1"));
}

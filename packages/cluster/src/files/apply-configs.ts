import { type FileEntry, type FileTree, squashTrees } from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import type { ConfigDocument } from "../model/config-document.ts";
import { formatOrigin } from "../model/origin.ts";
import { mergeInto } from "./config-merge.ts";
import { processedData, type Refusal } from "./config-process.ts";
import { renderData, renderTemplate } from "./template.ts";
import { obstacleTo, overlayTree, readText, type WrittenFile } from "./tree-files.ts";

type Variables = Readonly<Record<string, string>>;

export interface ConfiguredTree {
  /** Closing it does not close the tree it was made of. */
  readonly tree: FileTree;
  /** One sentence each: keys of a `merge` that the file does not have, files that it had to make. */
  readonly notes: readonly string[];
}

/** Folders whose `*.tmpl` are filled in, as in Sealer. */
const templateFolders = ["charts/", "etc/", "manifests/"] as const;

/**
 * A rootfs for one host: `*.tmpl` of etc/, charts/ and manifests/ filled in beside themselves (`a.yaml.tmpl` gives `a.yaml`), then Config documents written,
 * in their order. A new file is 0644, a new Secret 0600; others keep mode and owner. Without either the tree comes back as it is.
 * @param env the host's variables
 * @throws config-invalid, template-invalid
 */
export async function applyConfigs(tree: FileTree, configs: readonly ConfigDocument[], env: Variables): Promise<ConfiguredTree> {
  const entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const written = new Map<string, WrittenFile>();
  const write = (file: WrittenFile): void => {
    written.set(file.path, file);
    for (const entry of overlayTree([file]).entries) if (!entries.has(entry.path)) entries.set(entry.path, entry);
  };
  await renderTemplates(tree, entries, env, write);
  const notes: string[] = [];
  for (const config of configs) write(await applyConfig(config, { tree, entries, written, env, notes }));
  if (written.size === 0) return { tree: { ...tree, close: async () => {} }, notes };
  const squashed = squashTrees([tree, overlayTree([...written.values()])], "the rootfs");
  return { tree: { ...squashed, close: async () => {} }, notes };
}

async function renderTemplates(
  tree: FileTree,
  entries: ReadonlyMap<string, FileEntry>,
  env: Variables,
  write: (file: WrittenFile) => void,
): Promise<void> {
  for (const entry of tree.entries) {
    const { path } = entry;
    if (!path.endsWith(".tmpl") || !templateFolders.some((folder) => path.startsWith(folder))) continue;
    const target = path.slice(0, -".tmpl".length);
    const reason = obstacleTo(target, entries);
    if (reason !== undefined) throw clusterErrors["template-invalid"]({ place: path, reason });
    const text = await readText(tree, entry, entries);
    if (text === undefined) throw clusterErrors["template-invalid"]({ place: path, reason: "it is no text file" });
    const rendering = renderTemplate(text, env);
    if (!rendering.ok) {
      const { line, column, message } = rendering.fault;
      throw clusterErrors["template-invalid"]({ place: `${path}:${line}:${column}`, reason: message });
    }
    write({ path: target, text: rendering.text, mode: entry.mode, uid: entry.uid, gid: entry.gid });
  }
}

interface ConfigScene {
  readonly tree: FileTree;
  readonly entries: ReadonlyMap<string, FileEntry>;
  readonly written: ReadonlyMap<string, WrittenFile>;
  readonly env: Variables;
  readonly notes: string[];
}

async function applyConfig(config: ConfigDocument, { tree, entries, written, env, notes }: ConfigScene): Promise<WrittenFile> {
  const { name, path } = config;
  const refuse: Refusal = (reason, cause) =>
    clusterErrors["config-invalid"]({ name, origin: formatOrigin(config.origin), path, reason }, cause === undefined ? {} : { cause });
  const obstacle = obstacleTo(path, entries);
  if (obstacle !== undefined) throw refuse(obstacle);
  const entry = entries.get(path);
  const before = written.get(path) ?? (entry === undefined ? undefined : await existing(tree, entry, entries, config, refuse));
  const data = config.template ? renderData(config.data, env, `the Config ${name}`) : config.data;
  const text = processedData(config, data, before?.text, refuse);
  const fresh = { path, text, mode: config.process.includes("toSecret") ? 0o600 : 0o644, uid: 0, gid: 0 };
  if (before === undefined) {
    if (config.strategy === "merge") notes.push(`The Config ${name} had no ${path} to be merged into; the file is its data.`);
    return fresh;
  }
  if (config.strategy === "overwrite" || config.process.includes("toSecret")) return { ...before, text };
  const merged = mergeInto(before.text, text, refuse);
  for (const key of merged.absent) notes.push(`The Config ${name} changes ${key}, which ${path} does not have; nothing was added.`);
  return { ...before, text: merged.text };
}

/** A file that is overwritten need not be text. */
async function existing(
  tree: FileTree,
  entry: FileEntry,
  entries: ReadonlyMap<string, FileEntry>,
  { strategy, process }: ConfigDocument,
  refuse: Refusal,
): Promise<WrittenFile> {
  const needed = strategy === "merge" || process.includes("toSecret");
  const text = needed ? await readText(tree, entry, entries) : "";
  if (text === undefined) throw refuse("the file that is there is no text");
  return { path: entry.path, text, mode: entry.mode, uid: entry.uid, gid: entry.gid };
}

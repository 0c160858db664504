import { randomBytes } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { isMap, isSeq, parseDocument } from "yaml";
import { settingsFileName } from "./settings-file.ts";

/** What is to become of a plug-in's entry: these keys get these values, `undefined` takes a key away; `null` removes the entry. */
export type EntryChange = Readonly<Record<string, unknown>> | null;

/** The text of a settings.yaml with one plug-in's entry changed, made or removed. Comments and everything else stay as they are. */
export function editEntry(text: string, plugin: string, change: EntryChange): string {
  const document = parseDocument(text);
  if (!isSeq(document.get("plugins"))) document.set("plugins", document.createNode([]));
  const list = document.get("plugins");
  if (!isSeq(list)) return text;
  const index = list.items.findIndex((item) => isMap(item) && item.get("plugin") === plugin);
  if (change === null) {
    if (index >= 0) document.deleteIn(["plugins", index]);
    return document.toString({ lineWidth: 0 });
  }
  const place = index < 0 ? list.items.length : index;
  if (index < 0) document.addIn(["plugins"], document.createNode({ plugin }));
  if (list.flow === true) list.flow = false;
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) document.deleteIn(["plugins", place, key]);
    else document.setIn(["plugins", place, key], document.createNode(value));
  }
  return document.toString({ lineWidth: 0 });
}

/** Puts a new settings.yaml in the old one's place, whole or not at all. */
export async function writeSettings(folder: string, text: string): Promise<void> {
  const draft = join(folder, `.${settingsFileName}.${randomBytes(4).toString("hex")}`);
  const file = await open(draft, "wx", 0o600);
  await file.writeFile(text);
  await file.sync();
  await file.close();
  await rename(draft, join(folder, settingsFileName));
}

import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asRecord } from "@outrigger/plugin";

/** Where the users of plug-ins lie: a range that Debian and systemd give to nobody. */
const first = 61_184;
const count = 4336;

/**
 * The user and group id of a plug-in's processes: the same for ever in this state folder, and no other plug-in's.
 * The name says where to begin to look for a free one.
 */
export function pluginUser(state: string, name: string): number {
  const file = join(state, "users.json");
  const known = new Map(Object.entries(existsSync(file) ? asRecord(JSON.parse(readFileSync(file, "utf8"))) : {}));
  const own = known.get(name);
  if (typeof own === "number") return own;
  const taken = new Set(known.values());
  const start = createHash("sha256").update(name).digest().readUInt32BE(0);
  let id = first + (start % count);
  while (taken.has(id)) id = first + ((id - first + 1) % count);
  writeFileSync(`${file}.new`, `${JSON.stringify(Object.fromEntries(known.set(name, id)), null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return id;
}

import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeWhole } from "../host/write-file.ts";

/** Remembers which reference a plug-in of an engine had before: engines themselves forget it. */
export interface PreviousVersions {
  readonly get: (name: string) => Promise<string | undefined>;
  readonly put: (name: string, reference: string) => Promise<void>;
}

/** In the user's state folder (XDG Base Directory Specification), a file for each engine. */
export function previousVersions(engine: string, folder: string = usualFolder()): PreviousVersions {
  const file = join(folder, `${createHash("sha256").update(engine).digest("hex").slice(0, 16)}.json`);
  const read = async (): Promise<Readonly<Record<string, string>>> =>
    readFile(file, "utf8").then(
      (text) => (JSON.parse(text) as { readonly previous: Readonly<Record<string, string>> }).previous,
      () => ({}),
    );
  return {
    get: async (name) => {
      const all = await read();
      return Object.hasOwn(all, name) ? all[name] : undefined;
    },
    put: async (name, reference) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeWhole(file, `${JSON.stringify({ engine, previous: { ...(await read()), [name]: reference } }, undefined, 2)}\n`);
    },
  };
}

function usualFolder(): string {
  return join(process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "outrigger", "engine-plugins");
}

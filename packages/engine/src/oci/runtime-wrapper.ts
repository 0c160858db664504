import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What an installed `outrigger-runc` knows; see docs/oci-hooks.md. */
export interface WrapperSettings {
  /** Absolute path of the real runtime. */
  readonly runtime: string;
  /** The folder of the records. */
  readonly records: string;
  /** What becomes of a container without a record: it runs without hooks, the gateway is asked, or its start is refused. */
  readonly missing: "run" | "ask" | "refuse";
  /** With `ask`: what becomes of it where the gateway does not answer. */
  readonly unanswered: "run" | "refuse";
  /** With `ask`: whole seconds to wait for the answer. */
  readonly wait: number;
}

export const usualRecordsFolder = "/var/lib/outrigger/hooks";

/** The program text of `outrigger-runc` with these settings in it: one file that reads no other but the records. */
export async function wrapperText(settings: WrapperSettings): Promise<string> {
  const template = await readFile(fileURLToPath(import.meta.resolve("@outrigger/engine/outrigger-runc")), "utf8");
  const { runtime, records, missing, unanswered, wait } = settings;
  const lines = Object.entries({ runtime, records, missing, unanswered, wait }).map(([name, value]) => `${name}=${quoted(String(value))}`);
  return template.replace(/(?<=^# Settings,.*\n)(?:.*\n)*?(?=# End of settings\.$)/m, () => `${lines.join("\n")}\n`);
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

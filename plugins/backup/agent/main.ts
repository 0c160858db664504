import { createDirectoryStore } from "./directory-store.ts";
import { keepBackups } from "./keep-backups.ts";
import { listArchives, readArchive } from "./read-archive.ts";
import { messageOf } from "./run-backup.ts";
import { createS3Client } from "./s3-client.ts";
import { createS3Store } from "./s3-store.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";
import { openState } from "./state.ts";

const stateFile = "/var/lib/backup/state.json";
const usage =
  "usage: backup              makes backups as they fall due\n       backup list         names and sizes of the archives\n       backup read NAME    an archive, or the latest, as a plain tar\n";
const [command = "keep", name = "latest"] = process.argv.slice(2);

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message.replace(/^/gm, "backup: ") : `backup: ${messageOf(error)}`);
  return error instanceof SettingsError ? 64 : 1;
});

async function main(): Promise<number> {
  const settings: Settings = readSettings(process.env);
  const state = openState(stateFile);
  const { target } = settings;
  const store =
    "directory" in target
      ? createDirectoryStore(target.directory)
      : createS3Store(createS3Client(target.s3, stopping.signal), target.s3.prefix, state);
  if (command === "list") await listArchives(store, process.stdout);
  else if (command === "read") await readArchive(store, name, process.stdout);
  else if (command === "keep") await keepBackups(settings, store, state, stopping.signal);
  else {
    process.stderr.write(usage);
    return 64;
  }
  return 0;
}

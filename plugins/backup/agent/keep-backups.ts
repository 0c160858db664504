import { messageOf, runBackup } from "./run-backup.ts";
import type { Settings } from "./settings.ts";
import type { Run, State } from "./state.ts";
import type { Store } from "./store.ts";
import { serve } from "./web.ts";

const webPort = 65_091;
// A timer's longest time.
const longestSleep = 2 ** 31 - 1;

/** Makes backups as they fall due, until the signal aborts; SIGUSR1 makes one at once. */
export async function keepBackups(settings: Settings, store: Store, state: State, signal: AbortSignal): Promise<void> {
  const target =
    "directory" in settings.target ? settings.target.directory : `s3://${settings.target.s3.bucket}/${settings.target.s3.prefix}`;
  let running = false;
  let wake = (): void => {};
  let due = settings.schedule.next(Date.now(), lastStart(state));
  let asked = settings.onStart;
  const server = serve(
    webPort,
    () => ({
      state: running ? "running" : "waiting",
      source: settings.source,
      target,
      schedule: settings.scheduleText,
      nextRun: new Date(due).toISOString(),
      lastRun: state.read().lastRun,
      lastSuccess: state.read().lastSuccess,
    }),
    () => state.read(),
  );
  process.on("SIGUSR1", () => {
    asked = true;
    wake();
  });
  signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
    wake();
  });
  await store.clean().catch((error: unknown) => console.error(`backup: clearing away after the last run: ${messageOf(error)}`));
  while (!signal.aborted) {
    if (!asked && Date.now() < due) {
      console.log(`backup: the next one is due at ${new Date(due).toISOString()}`);
      while (!asked && !signal.aborted && Date.now() < due) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(longestSleep, due - Date.now()));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      continue;
    }
    asked = false;
    running = true;
    console.log(`backup: packing ${settings.source} for ${target}`);
    const run = await runBackup(settings, store, signal);
    running = false;
    await remember(state, run).catch((error: unknown) => console.error(`backup: remembering the run: ${messageOf(error)}`));
    report(run);
    due = settings.schedule.next(Date.now(), Date.parse(run.startedAt));
  }
}

function lastStart(state: State): number | undefined {
  const { lastRun } = state.read();
  return lastRun === undefined ? undefined : Date.parse(lastRun.startedAt);
}

async function remember(state: State, run: Run): Promise<void> {
  const { succeeded, failed, lastSuccess } = state.read();
  await state.change({
    lastRun: run,
    lastSuccess: run.ok ? run : lastSuccess,
    succeeded: succeeded + (run.ok ? 1 : 0),
    failed: failed + (run.ok ? 0 : 1),
  });
}

function report({ ok, archive, bytes, sha256, problem, note }: Run): void {
  if (ok) console.log(`backup: ${archive} is whole: ${bytes} bytes, SHA-256 ${sha256}${note === undefined ? "" : `; ${note}`}`);
  else console.error(`backup: failed: ${problem}`);
}

import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { withExamples } from "../../options.ts";

interface LogsOptions extends ApiOptions {
  readonly follow?: true;
}

export function define(command: Command): void {
  withApi(command)
    .argument("<name>", "its name or id")
    .option("-f, --follow", "go on with what it writes from now on")
    .description("Prints what a driver has written, and between it what the host did about it. The host keeps the last 1 to 2 MiB.")
    .action(logs);
  withExamples(command, "driver logs dir-volume:1.0.0", "driver logs dir-volume:1.0.0 --follow");
}

async function logs(name: string, options: LogsOptions): Promise<void> {
  const { driverErrors } = await import("@outrigger/driver");
  if (options.engine !== undefined)
    throw driverErrors["engine-cannot"]({
      what: "give a plug-in's logs",
      reason: "it adds what plug-ins write to its own log, marked with plugin=ID",
      mend: "Read the engine's log, e.g. `journalctl -u docker` and look for the id that `outrigger driver ls` shows.",
    });
  const leaving = new AbortController();
  process.once("SIGINT", () => leaving.abort());
  try {
    for await (const piece of (await openApi(options)).logs(name, options.follow === true, leaving.signal)) process.stdout.write(piece);
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
}

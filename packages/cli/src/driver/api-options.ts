import type { PluginApi } from "@outrigger/driver";
import { type Command, Option } from "commander";

/** Where the driver host listens. */
export const usualHost = "unix:///run/outrigger/driver.sock";

/** Which plug-in API a command speaks to. */
export interface ApiOptions {
  readonly host: string;
  readonly engine?: string;
}

/** Adds `--host` and `--engine`. */
export function withApi(command: Command): Command {
  return command
    .addOption(
      new Option("--host <socket>", "the driver host: unix:///PATH or tcp://127.0.0.1:PORT")
        .env("OUTRIGGER_DRIVER_HOST")
        .default(usualHost),
    )
    .option("--engine <socket>", "a Docker Engine's own plug-ins instead, e.g. unix:///var/run/docker.sock");
}

/** @throws address-invalid */
export async function openApi({ host, engine }: ApiOptions): Promise<PluginApi> {
  const { openPluginApi } = await import("@outrigger/driver");
  return openPluginApi(engine ?? host);
}

import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { wholeNumber, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface EnableOptions extends ApiOptions {
  readonly timeout: number;
}

export function define(command: Command): void {
  withApi(command)
    .argument("<name>", "its name or id")
    .option("--timeout <seconds>", "how long it may take to become healthy (default: 15)", wholeNumber(0), 0)
    .description("Enables a driver and waits until it is healthy; where it does not become so, it says why, and the driver stays disabled.")
    .action(enable);
  withExamples(command, "driver enable dir-volume:1.0.0", "driver enable dir-volume:1.0.0 --engine unix:///var/run/docker.sock");
}

async function enable(name: string, options: EnableOptions): Promise<void> {
  await (await openApi(options)).enable(name, options.timeout);
  say(`${name} is enabled.`);
}

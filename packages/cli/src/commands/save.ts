import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { commandPath, withExamples } from "../options.ts";
import { say } from "../output/print.ts";

export function define(command: Command): void {
  command
    .argument("<name:tag...>", "packages of the local store")
    .requiredOption("-o, --output <file>", "the tar to write; - is the standard output")
    .description(
      "Writes packages of the local store, with their signatures, as one tar of an OCI image layout, for machines without a network.",
    )
    .action(save);
  const path = commandPath(command);
  withExamples(command, `${path} log-collector:1.0.0 -o packages.tar`, `${path} tools/log:1.0 tools/volume:2.0 --output drivers.tar`);
}

async function save(names: readonly string[], { output }: { readonly output: string }): Promise<void> {
  const { openStore, packageName, saveArchive } = await import("@outrigger/registry");
  const content = saveArchive(await openStore(), names.map(packageName));
  if (output === "-") return pipeline(content, process.stdout, { end: false });
  // What is not whole never has the name.
  const draft = `${output}.${process.pid}.part`;
  try {
    await pipeline(content, createWriteStream(draft, { flags: "wx" }));
    await rename(draft, output);
  } finally {
    await rm(draft, { force: true });
  }
  say(`Saved ${names.join(", ")} to ${output}.`);
}

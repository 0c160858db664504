import type { Command } from "commander";
import { withExamples } from "../options.ts";
import { copyBetween } from "../packages/copy-between.ts";
import { openPlace, placeWords } from "../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../packages/registry-options.ts";

export function define(command: Command): void {
  withRegistry(command)
    .argument("<from>", `a name in a registry, or ${placeWords}`)
    .argument("<to>", "the same, but no archive")
    .description(
      "Copies a package or image of any kind, with its signatures, without unpacking anything. Between repositories of one registry nothing is sent at all.",
    )
    .action(copy);
  withExamples(
    command,
    "copy registry.example/tools/log:1.0 mirror.example/tools/log:1.0",
    "copy store:log-collector:1.0.0 oci:./layout:1.0.0",
    "copy oci-archive:packages.tar:docker.io/tools/log:1.0 127.0.0.1:5000/tools/log:1.0",
  );
}

async function copy(from: string, to: string, options: RegistryFlags): Promise<void> {
  const how = registryOptions(options);
  const { digest } = await copyBetween(await openPlace(from, how), await openPlace(to, how, true), "Copied to");
  process.stdout.write(`${digest}\n`);
}

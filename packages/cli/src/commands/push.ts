import type { Command } from "commander";
import { withExamples } from "../options.ts";
import { copyBetween } from "../packages/copy-between.ts";
import { registryPlace, storePlace } from "../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../packages/registry-options.ts";

export function define(command: Command): void {
  withRegistry(command)
    .argument("<name:tag>", "a package of the local store")
    .argument("[target]", "the name in a registry (default: the same)")
    .description("Sends a package of the local store, with its signatures, to a registry. What is there already is not sent again.")
    .action(push);
  withExamples(
    command,
    "push registry.example/tools/labeler:1.0.0",
    "push log-collector:1.0.0 127.0.0.1:5000/tools/log-collector:1.0.0",
    "push tools/log:1.0 registry.example/tools/log:1.0 --ca authority.pem",
  );
}

async function push(name: string, target: string | undefined, options: RegistryFlags): Promise<void> {
  const { digest } = await copyBetween(await storePlace(name), await registryPlace(target ?? name, registryOptions(options)), "Pushed");
  process.stdout.write(`${digest}\n`);
}

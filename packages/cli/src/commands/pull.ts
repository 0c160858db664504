import type { Command } from "commander";
import { withExamples } from "../options.ts";
import { copyBetween, trustedKey } from "../packages/copy-between.ts";
import { registryPlace, storePlace } from "../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../packages/registry-options.ts";

export function define(command: Command): void {
  withRegistry(command)
    .argument("<name:tag>", "a package in a registry")
    .option("--as <name:tag>", "what the local store calls it (default: the same)")
    .description("Fetches a package with its signatures into the local store, if trust.yaml allows it. Its digest stays the same.")
    .action(pull);
  withExamples(command, "pull registry.example/tools/labeler:1.0.0", "pull 127.0.0.1:5000/tools/labeler:1.0.0 --as labeler:1.0.0");
}

async function pull(name: string, options: RegistryFlags & { readonly as?: string }): Promise<void> {
  const from = await registryPlace(name, registryOptions(options));
  const key = await trustedKey(from);
  const to = await storePlace(options.as ?? name);
  const { digest } = await copyBetween({ ...from, key }, to, "Pulled");
  process.stdout.write(`${digest}\n`);
}

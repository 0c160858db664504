import type { Command } from "commander";
import { withExamples } from "../options.ts";
import { say } from "../output/print.ts";
import { trustedKey } from "../packages/copy-between.ts";
import { findPlace, placeWords } from "../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../packages/registry-options.ts";

export function define(command: Command): void {
  withRegistry(command)
    .argument("<name:tag>", `a package of the local store, else of a registry; or ${placeWords}`)
    .argument("<folder>", "the folder to write; must not exist")
    .description("Writes a plug-in's folder out of its package, if trust.yaml allows it; of a driver its config.json and rootfs.")
    .action(unpack);
  withExamples(command, "unpack log-collector:1.0.0 ./log-collector", "unpack oci-archive:packages.tar ./labeler");
}

async function unpack(text: string, folder: string, options: RegistryFlags): Promise<void> {
  const { unpackPackage } = await import("@outrigger/registry");
  const place = await findPlace(text, registryOptions(options));
  try {
    const { layer, name, version } = await unpackPackage(place.source, await trustedKey(place), folder);
    say(`Unpacked ${name ?? text}${version === undefined ? "" : `@${version}`} (${layer}) to ${folder}.`);
  } finally {
    place.close();
  }
}

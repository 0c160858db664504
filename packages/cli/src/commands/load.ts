import type { Command } from "commander";
import { cliErrors } from "../errors.ts";
import { commandPath, withExamples } from "../options.ts";
import { copyBetween, trustedKey } from "../packages/copy-between.ts";
import { storePlace } from "../packages/places.ts";

export function define(command: Command): void {
  command
    .requiredOption("-i, --input <file>", "a tar of an image layout, e.g. of `outrigger save`")
    .description("Reads every named package of a tar into the local store, with its signatures, if trust.yaml allows each.")
    .action(load);
  withExamples(command, `${commandPath(command)} -i packages.tar`);
}

async function load({ input }: { readonly input: string }): Promise<void> {
  const { openLayoutArchive, openStore, packageName, packageReference } = await import("@outrigger/registry");
  const archive = await openLayoutArchive(input);
  const store = await openStore();
  const places = (await archive.list()).map(({ name: key, descriptor }) => {
    // Engines write the tag alone as the name in the layout, and the whole name here.
    const label = descriptor.annotations?.["io.containerd.image.name"] ?? key;
    return { source: archive, key, name: packageReference(label), label, close: () => {} };
  });
  if (places.length === 0) throw cliErrors["place-ambiguous"]({ place: input, known: "none" });
  // All or none: what is not trusted is known before anything is written.
  const trusted = [];
  for (const place of places) trusted.push({ ...place, key: await trustedKey(place), stored: packageName(place.label) });
  for (const { stored, ...place } of trusted) await copyBetween(place, await storePlace(stored, store), "Loaded");
}

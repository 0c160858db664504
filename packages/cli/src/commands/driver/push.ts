import type { Command } from "commander";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";
import { copyBetween } from "../../packages/copy-between.ts";
import { registryPlace, storePlace } from "../../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../../packages/registry-options.ts";

type PushOptions = RegistryFlags & OutputOptions;

export function define(command: Command): void {
  withOutput(withRegistry(command))
    .argument("<name:tag>", "the driver in the local store")
    .argument("[target]", "another name to push it as, HOST/NAME:TAG")
    .description(
      "Pushes a driver to the registry that its name is of, where `docker plugin install` finds it. One that was built for several platforms goes with all of\n" +
        "its tags: NAME:TAG for this machine's, NAME:TAG-amd64 and so on for engines of each, NAME:TAG-index for Outrigger's own host.",
    )
    .action(push);
  withExamples(
    command,
    "driver push registry.example/tools/dir-volume:1.0.0",
    "driver push tools/dir-volume:1.0.0 registry.example/tools/dir-volume:1.0.0",
  );
}

async function push(name: string, target: string | undefined, options: PushOptions): Promise<void> {
  const { openStore, packageName, registryErrors } = await import("@outrigger/registry");
  const [from, to] = [packageName(name), packageName(target ?? name)];
  const store = await openStore();
  const names = (await store.list()).map((each) => each.name);
  if (!names.includes(from)) throw registryErrors["manifest-unknown"]({ source: store.name, reference: name });
  const pushed: { readonly name: string; readonly digest: string }[] = [];
  for (const suffix of suffixesOf(from, names)) {
    const place = await registryPlace(`${to}${suffix}`, registryOptions(options));
    const { digest } = await copyBetween(await storePlace(`${from}${suffix}`, store), place, "Pushed");
    pushed.push({ name: `${target ?? name}${suffix}`, digest });
  }
  await print(options.output, pushed, () => pushed.map((each) => `${each.name} ${each.digest}`).join("\n"));
}

/** Tags of architectures belong to a driver that has an index; `1.0-rc` beside `1.0` is another driver. */
function suffixesOf(from: string, names: readonly string[]): readonly string[] {
  if (!names.includes(`${from}-index`)) return [""];
  const suffixes = names.filter((each) => each.startsWith(`${from}-`)).map((each) => each.slice(from.length));
  return ["", ...suffixes.filter((suffix) => /^-[a-z0-9]+$/.test(suffix))];
}

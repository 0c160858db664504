import type { Command } from "commander";
import { openStore, type PackageOptions, registryOptions, withPackages } from "../../driver/package-options.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print, say } from "../../output/print.ts";

type PushOptions = PackageOptions & OutputOptions;

export function define(command: Command): void {
  withOutput(withPackages(command))
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
  const { copyContent, openRepository, registryErrors } = await import("@outrigger/registry");
  const { parseImageReference } = await import("@outrigger/plugin");
  const { packageName } = await import("../../driver/package-name.ts");
  const from = packageName(name);
  const to = parseImageReference(packageName(target ?? name));
  const store = await openStore(options);
  const names = (await store.list()).map((each) => each.name);
  if (!names.includes(from)) throw registryErrors["manifest-unknown"]({ source: store.name, reference: from });
  if (to === undefined || to.tag === null) throw registryErrors["reference-invalid"]({ found: target ?? name });
  const repository = openRepository(to, registryOptions(options));
  try {
    const suffixes = ["", ...names.filter((each) => each.startsWith(`${from}-`)).map((each) => each.slice(from.length))].filter(
      isOurs(names, from),
    );
    const pushed: { readonly name: string; readonly digest: string }[] = [];
    for (const suffix of suffixes) {
      const { digest } = await copyContent(store, `${from}${suffix}`, repository, `${to.tag}${suffix}`, {
        progress: ({ state, descriptor }) => {
          if (state === "copied" || state === "there")
            say(`${descriptor.digest.slice(7, 19)}: ${state === "copied" ? "sent" : "there already"}`);
        },
      });
      pushed.push({ name: `${repository.name}:${to.tag}${suffix}`, digest });
    }
    await print(options.output, pushed, () => pushed.map((each) => `${each.name} ${each.digest}`).join("\n"));
  } finally {
    repository.close();
  }
}

/** Tags of architectures belong to a driver that has an index; `1.0-rc` beside `1.0` is another driver. */
function isOurs(names: readonly string[], from: string): (suffix: string) => boolean {
  const several = names.includes(`${from}-index`);
  return (suffix) => suffix === "" || (several && (suffix === "-index" || /^-[a-z0-9]+$/.test(suffix)));
}

import type { BuiltDriver, PackageMediaTypes } from "@outrigger/driver";
import { type Command, InvalidArgumentError, Option } from "commander";
import { showFindings } from "../../driver/show-findings.ts";
import { cliErrors } from "../../errors.ts";
import { collect, type OutputOptions, wholeNumber, withExamples, withOutput } from "../../options.ts";
import { print, say } from "../../output/print.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../../packages/registry-options.ts";
import { readTextFile } from "../../read-file.ts";

interface BuildOptions extends RegistryFlags, OutputOptions {
  readonly tag: string;
  readonly platform?: readonly string[];
  readonly config?: string;
  readonly node?: string;
  readonly nodeBinary?: string;
  readonly strip: boolean;
  readonly file?: string;
  readonly target?: string;
  readonly buildArg?: readonly string[];
  readonly mediaTypes: PackageMediaTypes;
  readonly level?: number;
  readonly force?: true;
}

export function define(command: Command): void {
  withOutput(withRegistry(command))
    .argument("[source]", "a folder, tar, image layout, Dockerfile, or image as HOST/NAME:TAG", ".")
    .requiredOption("-t, --tag <name:tag>", "the package's name in the local store; with a registry's host to push it there")
    .option("--platform <platforms>", "e.g. linux/amd64,linux/arm64 (default: this machine's)", platforms)
    .option("--config <file>", "a config.json or plugin.yaml that counts instead of the source's own")
    .option("--node <entry>", "bundle this module and put a Node runtime beside it")
    .option("--node-binary <file>", "the Node program to put there (default: the one that runs this command)")
    .option("--no-strip", "keep the Node program's symbols")
    .option("-f, --file <dockerfile>", "another Dockerfile of the folder")
    .option("--target <stage>", "the Dockerfile's stage to build")
    .option("--build-arg <name=value>", "an ARG of the Dockerfile; can be given several times", collect)
    .addOption(
      new Option("--media-types <kind>", "what the package's parts call themselves")
        .choices(["compatible", "docker", "oci"])
        .default("compatible"),
    )
    .addOption(new Option("--level <number>", "of compression, 1 to 9").argParser(wholeNumber(1)))
    .option("--force", "build although the linter finds errors")
    .description(
      "Builds a managed plug-in of Docker's from its files and config.json (or plugin.yaml), without a Docker daemon, into the local store.\n" +
        "The same input gives the same digest. `outrigger driver push` sends it where `docker plugin install` finds it.",
    )
    .action(build);
  withExamples(
    command,
    "driver build ./dir-volume -t registry.example/tools/dir-volume:1.0.0",
    "driver build . --node main.ts -t tools/dir-volume:1.0.0",
    "driver build rootfs.tar --config config.json -t tools/dir-volume:1.0.0",
    "driver build . --platform linux/amd64,linux/arm64 -t tools/dir-volume:1.0.0",
  );
}

async function build(source: string, options: BuildOptions): Promise<void> {
  const { buildDriver, readDescription } = await import("@outrigger/driver");
  const { familiarName, imageOpener, openStore, ownPlatform, packageName } = await import("@outrigger/registry");
  if (options.tag.includes("@")) {
    throw cliErrors["option-invalid"]({
      option: "--tag",
      found: `"${options.tag}"`,
      expected: "NAME:TAG; a digest is what comes out",
      command: "driver build",
    });
  }
  const store = await openStore();
  const own = ownPlatform().architecture;
  const { config, node, nodeBinary, strip, file, target, buildArg, level, mediaTypes } = options;
  const epoch = process.env["SOURCE_DATE_EPOCH"];
  const { drivers, index } = await buildDriver(
    {
      source,
      name: packageName(options.tag),
      architectures: options.platform ?? [own],
      ownArchitecture: own,
      ...(config === undefined ? {} : { description: readDescription(readTextFile(config), config) }),
      ...(node === undefined ? {} : { nodeEntry: node }),
      package: {
        mediaTypes,
        ...(level === undefined ? {} : { level }),
        ...(epoch === undefined || !/^\d+$/.test(epoch) ? {} : { modified: Number(epoch) }),
      },
      force: options.force === true,
    },
    store,
    {
      openImage: imageOpener({ store, registry: registryOptions(options) }),
      node: { strip, ...(nodeBinary === undefined ? {} : { binary: nodeBinary }) },
      ...(file === undefined ? {} : { dockerfile: file }),
      ...(target === undefined ? {} : { target }),
      buildArgs: Object.fromEntries((buildArg ?? []).map(argument)),
      say,
    },
  );
  for (const driver of drivers) report(driver);
  const indexes = index === undefined ? [] : [{ name: familiarName(index.name), digest: index.descriptor.digest }];
  const built = drivers.flatMap(({ names, manifest, layer, architecture }) =>
    names.map((name) => ({ name: familiarName(name), digest: manifest.descriptor.digest, architecture, size: layer.size })),
  );
  await print(options.output, [...built, ...indexes], () =>
    [...built, ...indexes].map(({ name, digest }) => `${name} ${digest}`).join("\n"),
  );
}

function report({ findings, added, layer, plainSize, architecture }: BuiltDriver): void {
  if (findings.length > 0) say(showFindings(findings));
  for (const folder of added) say(`Added the folder ${folder}.`);
  say(`linux/${architecture}: ${megabytes(plainSize)} of files, ${megabytes(layer.size)} compressed.`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function platforms(text: string): readonly string[] {
  return text.split(",").map((each) => {
    const [os, architecture, ...more] = each.trim().split("/");
    if (os === "linux" && architecture !== undefined && /^[a-z0-9]+$/.test(architecture) && more.length === 0) return architecture;
    throw new InvalidArgumentError(`"${each}" is no platform: write e.g. linux/amd64.`);
  });
}

function argument(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, process.env[text] ?? ""] : [text.slice(0, at), text.slice(at + 1)];
}

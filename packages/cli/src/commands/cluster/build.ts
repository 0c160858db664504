import type { BuiltClusterImage, ClusterImageKind, ImageFinding } from "@outrigger/cluster";
import type { Platform } from "@outrigger/registry";
import { type Command, InvalidArgumentError, Option } from "commander";
import { showImageFindings } from "../../cluster/show-image-findings.ts";
import { cliErrors } from "../../errors.ts";
import { collect, type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print, say } from "../../output/print.ts";
import { formatSize } from "../../packages/format-size.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../../packages/registry-options.ts";

interface BuildOptions extends RegistryFlags, OutputOptions {
  readonly tag: readonly string[];
  readonly file?: string;
  readonly mode: string;
  readonly platform?: readonly Platform[];
  readonly buildArg?: readonly string[];
  readonly label?: readonly string[];
  readonly annotation?: readonly string[];
  readonly type?: string;
  readonly base?: string;
  readonly target?: string;
  readonly pull: "missing" | "always" | "never";
  readonly skipImages?: true;
  readonly force?: true;
  readonly cache: boolean;
  readonly quiet?: true;
}

const kinds: Readonly<Record<string, ClusterImageKind>> = {
  cluster: "cluster",
  "kube-installer": "cluster",
  application: "application",
  "app-installer": "application",
};

export function define(command: Command): void {
  withOutput(withRegistry(command))
    .argument("[context]", "the folder that COPY copies from", ".")
    .requiredOption("-t, --tag <name:tag>", "the image's name in the local store; can be given several times", collect)
    .option("-f, --file <kubefile>", "another Kubefile (default: Kubefile in the folder)")
    .addOption(
      new Option("-m, --mode <mode>", "lite: nothing is started, images are gathered from what is named in files")
        .choices(["lite"])
        .default("lite"),
    )
    .option("--platform <platforms>", "e.g. linux/amd64,linux/arm64 (default: this machine's architecture)", platforms)
    .option("--build-arg <name=value>", "an ARG of the Kubefile; NAME alone is a variable of this process", collect)
    .option("--label <name=value>", "a label of the image; can be given several times", collect)
    .option("--annotation <name=value>", "an annotation of its manifest; can be given several times", collect)
    .addOption(
      new Option("--type <kind>", "what the image brings (default: as the image below, else a cluster)").choices(Object.keys(kinds)),
    )
    .addOption(new Option("--base <true|false>", "false: like --type application").choices(["true", "false"]).conflicts("type"))
    .option("--target <stage>", "the stage of the Kubefile to build")
    .addOption(new Option("--pull <when>", "when images below are fetched anew").choices(["missing", "always", "never"]).default("missing"))
    .option("--skip-images", "gather no container images into registry/")
    .option("--force", "build although the linter finds errors")
    .option("--no-cache", "no effect: nothing is kept from earlier builds")
    .option("-q, --quiet", "say nothing but the digest")
    .description(
      "Builds a cluster image from a Kubefile into the local store: scripts, programs, manifests, plug-ins, and the container images that they name.\n" +
        "The same files give the same digest. No Docker Engine is needed, and without RUN no rights either.",
    )
    .action(build);
  withExamples(
    command,
    "cluster build -t registry.example/clusters/tiny:1 .",
    "cluster build -m lite -t shop:1 --base=false -f Kubefile.shop .",
    "cluster build -t tiny:1 --platform linux/amd64,linux/arm64 --build-arg VERSION=v2 .",
  );
}

async function build(context: string, options: BuildOptions): Promise<void> {
  const { buildClusterImage } = await import("@outrigger/cluster");
  const { familiarName, openStore, ownPlatform, packageName } = await import("@outrigger/registry");
  const byDigest = options.tag.find((tag) => tag.includes("@"));
  if (byDigest !== undefined) {
    const expected = "NAME:TAG; a digest is what comes out";
    throw cliErrors["option-invalid"]({ option: "--tag", found: `"${byDigest}"`, expected, command: "cluster build" });
  }
  const { file, target, type, base, quiet } = options;
  const kind = base === "false" ? "application" : type === undefined ? (base === "true" ? "cluster" : undefined) : kinds[type];
  const registry = registryOptions(options);
  const built = await buildClusterImage(
    {
      context,
      ...(file === undefined ? {} : { file }),
      ...(target === undefined ? {} : { target }),
      ...(kind === undefined ? {} : { kind }),
      names: options.tag.map(packageName),
      platforms: options.platform ?? [{ os: "linux", architecture: ownPlatform().architecture }],
      args: pairs("--build-arg", options.buildArg),
      labels: pairs("--label", options.label),
      annotations: pairs("--annotation", options.annotation),
      registry,
      pull: options.pull,
      images: options.skipImages === true ? "skip" : { registry },
      force: options.force === true,
      say: quiet === true ? () => {} : say,
    },
    await openStore(),
  );
  const names = built.names.map(familiarName);
  const findings = built.platforms.flatMap((each) => each.findings);
  if (quiet !== true && findings.length > 0) say(showImageFindings(findings));
  await print(options.output, resultOf(built, names, findings), () => built.descriptor.digest);
  if (quiet === true || options.output !== "table") return;
  const size = built.platforms.reduce((sum, each) => sum + each.size, 0);
  say(`Built ${names.join(", ")} (${formatSize(size)}). Next: outrigger inspect ${names[0]}, outrigger cluster run ${names[0]}`);
}

function resultOf({ descriptor, platforms: all }: BuiltClusterImage, names: readonly string[], findings: readonly ImageFinding[]): object {
  const [first] = all;
  return {
    names,
    digest: descriptor.digest,
    kind: first?.record.kind,
    platforms: all.map(({ platform, manifest, size }) => ({ ...platform, digest: manifest.descriptor.digest, size })),
    commands: first?.record.commands,
    plugins: first?.plugins.map(({ name, given }) => ({ name, type: given.type, phases: given.phases })),
    containerImages: first?.record.containerImages,
    findings,
  };
}

function pairs(option: string, given: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf("=");
      if (at < 0 && option === "--build-arg") return [text, process.env[text] ?? ""];
      if (at < 1) throw cliErrors["option-invalid"]({ option, found: `"${text}"`, expected: "NAME=VALUE", command: "cluster build" });
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function platforms(text: string): readonly Platform[] {
  const all = text.split(",").map((each) => {
    const [, os = "", architecture = "", variant] = /^([a-z0-9]+)\/([a-z0-9]+)(?:\/([a-z0-9]+))?$/.exec(each.trim()) ?? [];
    if (os !== "linux") throw new InvalidArgumentError(`"${each}" is no platform of hosts; write e.g. linux/amd64,linux/arm64.`);
    return { os, architecture, ...(variant === undefined ? {} : { variant }) };
  });
  if (new Set(all.map(({ architecture, variant }) => `${architecture}/${variant}`)).size < all.length)
    throw new InvalidArgumentError("A platform stands there twice.");
  return all;
}

import type { Problem } from "@outrigger/plugin";
import { type ContentTarget, type Descriptor, type Index, mediaTypes, writeManifestBytes } from "@outrigger/registry";
import { completeConfig, type Description, descriptionWarnings, placeIn } from "../config/description.ts";
import type { Finding } from "../config/lint/finding.ts";
import { lintDriver } from "../config/lint/lint.ts";
import type { PluginConfig } from "../config/plugin-config.ts";
import { driverErrors } from "../errors.ts";
import { prepareTree } from "./prepare-tree.ts";
import { openSource, type SourceRequest } from "./sources/open-source.ts";
import type { SourceContext } from "./sources/opened-source.ts";
import { type DriverPackage, type WritePackageOptions, writePackage } from "./write-package.ts";

export interface BuildRequest extends SourceRequest {
  /** NAME:TAG in the store. */
  readonly name: string;
  /** As Go names them, e.g. `amd64`; the system is linux. */
  readonly architectures: readonly string[];
  /** What counts under the plain name: that of this machine, where it is among them. */
  readonly ownArchitecture: string;
  readonly package?: WritePackageOptions;
  /** Findings of the linter that are errors do not stop the build. */
  readonly force?: boolean;
}

/** What was built for one architecture. */
export interface BuiltDriver extends DriverPackage {
  readonly architecture: string;
  /** Its names in the store. */
  readonly names: readonly string[];
  readonly configuration: PluginConfig;
  /** Folders that were added, e.g. `/run/docker/plugins`. */
  readonly added: readonly string[];
  /** Of the linter, and keys that an engine would drop. */
  readonly findings: readonly Finding[];
}

export interface BuildResult {
  readonly drivers: readonly BuiltDriver[];
  /** The index over all architectures, where there are several. */
  readonly index?: { readonly name: string; readonly descriptor: Descriptor };
}

/**
 * Builds a driver into a store. For one architecture its name is NAME:TAG. For several each is NAME:TAG-ARCHITECTURE, an OCI index of all NAME:TAG-index, and
 * NAME:TAG itself one of the first: an engine refuses an index as a plug-in.
 *
 * @throws driver-description-missing, driver-lint-failed; those of {@link openSource} and {@link prepareTree}
 */
export async function buildDriver(
  request: BuildRequest,
  store: ContentTarget,
  context: Omit<SourceContext, "architecture">,
): Promise<BuildResult> {
  const { architectures, ownArchitecture, name } = request;
  const plain = architectures.includes(ownArchitecture) ? ownArchitecture : architectures[0];
  const drivers: BuiltDriver[] = [];
  for (const architecture of architectures) {
    const suffixed = architectures.length === 1 ? [] : [`${name}-${architecture}`];
    const names = [...suffixed, ...(architecture === plain ? [name] : [])];
    drivers.push(await buildOne(request, names, store, { ...context, architecture }));
  }
  if (drivers.length === 1) return { drivers };
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: drivers.map(({ manifest: { descriptor }, architecture }) => ({ ...descriptor, platform: { architecture, os: "linux" } })),
  };
  const written = writeManifestBytes(index);
  await store.writeManifest(written, `${name}-index`);
  return { drivers, index: { name: `${name}-index`, descriptor: written.descriptor } };
}

async function buildOne(
  request: BuildRequest,
  names: readonly string[],
  store: ContentTarget,
  context: SourceContext,
): Promise<BuiltDriver> {
  const opened = await openSource(request, context);
  try {
    const description = request.description ?? opened.description;
    if (description === undefined) throw driverErrors["driver-description-missing"]({ source: request.source });
    const config = completeConfig(description, opened.image);
    const { tree, added } = prepareTree(opened.tree, config);
    const findings = await allFindings(description, config, { ...opened, tree }, context.architecture);
    const errors = findings.filter(({ severity }) => severity === "error");
    if (errors.length > 0 && request.force !== true) throw lintFailed(request.source, errors);
    const written = await writePackage(config, tree, store, names[0], request.package);
    for (const other of names.slice(1)) await store.writeManifest(written.manifest, other);
    return { ...written, architecture: context.architecture, names, configuration: config, added, findings };
  } finally {
    await opened.tree.close();
  }
}

async function allFindings(
  description: Description,
  config: PluginConfig,
  { tree, architecture }: { readonly tree: Parameters<typeof prepareTree>[0]; readonly architecture?: string },
  wanted: string,
): Promise<readonly Finding[]> {
  const dropped = descriptionWarnings(description).map((problem): Finding => ({ severity: "warning", ...problem }));
  const found = await lintDriver({ config, rootfs: tree, architecture: architecture ?? wanted, place: placeIn(description) });
  return [...dropped, ...found];
}

/** The error for what the linter found. */
export function lintFailed(source: string, problems: readonly Problem[]): Error {
  const count = problems.length === 1 ? "1 mistake" : `${problems.length} mistakes`;
  return driverErrors["driver-lint-failed"]({ source, count }, { problems });
}

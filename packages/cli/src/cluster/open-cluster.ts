import type {
  Cluster,
  Clusterfile,
  ClusterImage,
  ClusterPlugin,
  FrozenRun,
  ImageVersion,
  OpenedParts,
  PluginDocument,
  PluginTypes,
} from "@outrigger/cluster";
import { formatProblem, isOutriggerError, type Problem } from "@outrigger/plugin";
import { say } from "../output/print.ts";
import { type RegistryFlags, registryOptions } from "../packages/registry-options.ts";
import { readTextFile } from "../read-file.ts";
import { grantedPlugins } from "./granted-plugins.ts";
import { readPluginFolder } from "./plugin-folder-documents.ts";

/** How a command finds images and plug-ins, and what it lets them do on this machine. */
export interface OpenFlags extends RegistryFlags {
  /** Plug-ins of the image and of packages that may do what they want on this machine. */
  readonly grant?: readonly string[];
  /** A folder with plug-ins beside those of image and Clusterfile. */
  readonly plugins?: string;
}

/** A cluster as it is wanted, with all that a plan needs. */
export interface OpenedWish {
  readonly clusterfile: Clusterfile;
  readonly cluster: Cluster;
  readonly image: ClusterImage;
  readonly types: PluginTypes;
  readonly grants: readonly string[];
  /** The plugin.yaml of each package that documents name, which these build on. */
  readonly packages: readonly PluginDocument[];
  /** Ends processes of plug-ins and closes the image. */
  readonly close: () => Promise<void>;
}

/** Reads a Clusterfile; its warnings are said on the error stream. @throws file-unreadable, manifest-invalid */
export async function readClusterfileAt(file: string): Promise<Clusterfile> {
  const { readClusterfile } = await import("@outrigger/cluster");
  const reading = readClusterfile(readTextFile(file), file);
  if (!reading.ok) throw await invalid(file, reading.problems);
  for (const warning of reading.value.warnings) say(`warning: ${formatProblem(warning)}`);
  return reading.value;
}

/**
 * Opens the image and the packages that a Clusterfile names, merges them, and finds the types of all plug-ins.
 * @param version the image exactly as it was, whatever its name means by now
 * @throws manifest-invalid, image-changed, and what opening the image throws
 */
export async function openCluster(clusterfile: Clusterfile, flags: OpenFlags, version?: ImageVersion): Promise<OpenedWish> {
  const { mergeCluster, openPackages } = await import("@outrigger/cluster");
  const image = await openImage(version ?? { reference: clusterfile.image }, flags);
  try {
    const folder: readonly PluginDocument[] = flags.plugins === undefined ? [] : await readPluginFolder(flags.plugins);
    // What a folder has brought stays under the Clusterfile's own when they are merged anew.
    const [brought, own] = [clusterfile.plugins.filter(isOfFolder), clusterfile.plugins.filter((document) => !isOfFolder(document))];
    const folders = [...brought.filter(({ name }) => !folder.some((document) => document.name === name)), ...folder];
    const wanted = { ...clusterfile, plugins: [...folders, ...own] };
    const packages = await openPackages(wanted.plugins, { registry: registryOptions(flags), say });
    if (!packages.ok) throw await invalid(clusterfile.file || image.reference, packages.problems);
    const merged = mergeCluster({ ...wanted, plugins: own }, image, [...folders, ...packages.value]);
    if (!merged.ok) throw await invalid(clusterfile.file || image.reference, merged.problems);
    const { types, grants } = await openTypes(merged.value.plugins, image, flags.grant ?? []);
    const close = async (): Promise<void> => {
      await types.close();
      await image.close();
    };
    return { clusterfile: wanted, cluster: merged.value, image, types, grants, packages: packages.value, close };
  } catch (error) {
    await image.close();
    throw error;
  }
}

/** What a run that goes on needs, as it was when it began. */
export async function openFrozen(frozen: FrozenRun, flags: OpenFlags): Promise<OpenedParts & { readonly close: () => Promise<void> }> {
  const { restorePackages } = await import("@outrigger/cluster");
  const image = await openImage(frozen.image, flags);
  try {
    await restorePackages(frozen.cluster.plugins, { registry: registryOptions(flags), say });
    const { types } = await openTypes(frozen.cluster.plugins, image, [...frozen.grants, ...(flags.grant ?? [])]);
    const close = async (): Promise<void> => {
      await types.close();
      await image.close();
    };
    return { image, types, close };
  } catch (error) {
    await image.close();
    throw error;
  }
}

/** @param digest the image exactly as it was, whatever its name means by now, or if it has none any more */
async function openImage(
  { reference, digest }: { readonly reference: string; readonly digest?: string },
  flags: OpenFlags,
): Promise<ClusterImage> {
  const { clusterErrors, openClusterImage } = await import("@outrigger/cluster");
  const options = { registry: registryOptions(flags), say };
  if (digest === undefined) return openClusterImage(reference, options);
  const isPlace = /^(oci|oci-archive):|^[./]/.test(reference);
  const exact = isPlace ? undefined : await openClusterImage(withDigest(reference, digest), options).catch(onlyOurs);
  if (exact !== undefined) return { ...exact, reference };
  const image = await openClusterImage(reference, options);
  if (image.digest === digest) return image;
  await image.close();
  throw clusterErrors["image-changed"]({ image: reference, found: image.digest, expected: digest });
}

/** `tiny:1` -> `tiny@sha256:...` */
function withDigest(reference: string, digest: string): string {
  const [name = reference] = reference.split("@");
  return `${name.replace(/:[^:/]+$/, "")}@${digest}`;
}

function onlyOurs(error: unknown): undefined {
  if (!isOutriggerError(error)) throw error;
}

async function openTypes(
  plugins: readonly ClusterPlugin[],
  image: ClusterImage,
  given: readonly string[],
): Promise<{ readonly types: PluginTypes; readonly grants: readonly string[] }> {
  const { builtInTypes, createPluginPrograms, discoverTypes, pluginTypes } = await import("@outrigger/cluster");
  const grants = await grantedPlugins(plugins, given);
  const programs = createPluginPrograms();
  const imageFolder = await image.pluginFolder();
  const place = imageFolder === undefined ? {} : { imageFolder };
  const found = await discoverTypes({ plugins, builtIns: builtInTypes.keys(), grants, programs, ...place });
  if (found.problems.length > 0) {
    await programs.close();
    throw await invalid(image.reference, found.problems);
  }
  return { types: pluginTypes({ builtIns: builtInTypes, found: found.types, grants, programs }), grants };
}

function isOfFolder({ origin }: PluginDocument): boolean {
  return origin.from === "folder";
}

async function invalid(file: string, problems: readonly Problem[]): Promise<Error> {
  const { manifestInvalid } = await import("@outrigger/plugin");
  return manifestInvalid(file, problems);
}

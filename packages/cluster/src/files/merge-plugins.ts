import { isDeepStrictEqual } from "node:util";
import { asRecord, type ConfigValues, type Problem, type Reading } from "@outrigger/plugin";
import { type ClusterPlugin, usualRules } from "../model/cluster-plugin.ts";
import { formatOrigin } from "../model/origin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { byPlace } from "./document-fields.ts";
import { placePluginProblem, rememberSources, sourcesOf } from "./places.ts";
import { pluginProblems } from "./plugin-problems.ts";
import { filledValues, mergeValues, secretSettings } from "./plugin-values.ts";

/** Documents of one plug-in, the lowest first: image, folder, Clusterfile. */
interface Layers {
  readonly name: string;
  readonly documents: readonly PluginDocument[];
}

/**
 * Plug-ins by name: an image's document, over it one of a folder, over it the Clusterfile's, field by field (`values` setting by setting). In this order:
 * the image's, the folders', the Clusterfile's own.
 *
 * A plugin.yaml whose `package` is given is no plug-in by itself: documents that name this package build on it.
 */
export function mergePlugins(
  image: readonly PluginDocument[],
  clusterfile: readonly PluginDocument[],
  folders: readonly PluginDocument[] = [],
): Reading<readonly ClusterPlugin[]> {
  const problems: Problem[] = [];
  // A folder in an image and a reference to a registry can have one name: each counts for its own side.
  const packages = { image: packagesOf(image), others: packagesOf(folders) };
  const layers = [image, folders, clusterfile].map((documents) => eachOnce(documents, problems));
  const names = new Set(layers.flatMap((layer) => [...layer.keys()]));
  const plugins = [...names].flatMap((name) => {
    const documents = layers.flatMap((layer) => layer.get(name) ?? []);
    return mergeLayers({ name, documents }, packages, [...(layers[0]?.keys() ?? []), ...(layers[1]?.keys() ?? [])], problems);
  });
  return problems.length > 0 ? { ok: false, problems: byPlace(problems) } : { ok: true, value: plugins };
}

interface Packages {
  /** For documents of the image. */
  readonly image: ReadonlyMap<string, PluginDocument>;
  /** For all others. */
  readonly others: ReadonlyMap<string, PluginDocument>;
}

function packagesOf(documents: readonly PluginDocument[]): ReadonlyMap<string, PluginDocument> {
  return new Map(documents.filter(isPackage).map((document) => [document.given.package ?? "", document]));
}

function isPackage({ settings, given }: PluginDocument): boolean {
  return settings !== undefined && given.package !== undefined;
}

/** Documents by name; those that say the same twice count once. */
function eachOnce(documents: readonly PluginDocument[], problems: Problem[]): ReadonlyMap<string, PluginDocument> {
  const byName = new Map<string, PluginDocument>();
  for (const document of documents.filter((each) => !isPackage(each))) {
    const first = byName.get(document.name);
    if (first === undefined) byName.set(document.name, document);
    else if (!isDeepStrictEqual(first.given, document.given)) {
      problems.push(
        placePluginProblem(document, {
          path: ["metadata", "name"],
          code: "duplicate-name",
          message: `The plug-in ${JSON.stringify(document.name)} stands twice (first in ${formatOrigin(first.origin)}).`,
          found: document.name,
          hint: "Give each a name of its own.",
        }),
      );
    }
  }
  return byName;
}

function mergeLayers(
  { name, documents }: Layers,
  packages: Packages,
  brought: readonly string[],
  problems: Problem[],
): readonly ClusterPlugin[] {
  const [lowest] = documents;
  const top = documents.at(-1);
  if (lowest === undefined || top === undefined) return [];
  const naming = documents.findLast(({ given }) => given.package !== undefined);
  const wanted = naming?.given.package ?? "";
  const base = naming === undefined ? undefined : (naming.origin.from === "image" ? packages.image : packages.others).get(wanted);
  if (naming !== undefined && base === undefined) {
    problems.push(missingPackage(naming, wanted));
    return [];
  }
  const all = [...(base === undefined ? [] : [base]), ...documents];
  const settings = all.findLast((each) => each.settings !== undefined)?.settings;
  const given = all.reduce<PluginDocument["given"]>((under, { given: over }) => overlay(under, over), {});
  const found = pluginProblems(name, given, settings, brought);
  problems.push(...found.map((problem) => placePluginProblem(nearestTo(problem.path, documents) ?? top, problem)));
  if (found.length > 0 || given.type === undefined) return [];
  const values = filledValues(settings, given.values);
  const secrets = secretSettings(settings);
  const plugin: ClusterPlugin = {
    ...usualRules,
    phases: [],
    targets: [],
    ...given,
    ...(values === undefined ? {} : { values }),
    ...(secrets.length === 0 ? {} : { secretValues: secrets }),
    name,
    type: given.type,
    origin: top.origin,
    ...(documents.length > 1 ? { overrides: lowest.origin } : {}),
    ...(base === undefined ? {} : { base: base.origin }),
  };
  rememberSources(plugin, all.toReversed().flatMap(sourcesOf));
  return [plugin];
}

function overlay(under: PluginDocument["given"], over: PluginDocument["given"]): PluginDocument["given"] {
  const values: ConfigValues | undefined =
    under.values === undefined || over.values === undefined ? (over.values ?? under.values) : mergeValues(under.values, over.values);
  return { ...under, ...over, ...(values === undefined ? {} : { values }) };
}

/** The topmost document that has the field. */
function nearestTo([, field]: readonly PropertyKey[], documents: readonly PluginDocument[]): PluginDocument | undefined {
  return documents.findLast((document) =>
    sourcesOf(document).some(({ value }) => typeof field === "string" && Object.hasOwn(asRecord(asRecord(value)["spec"]), field)),
  );
}

function missingPackage(document: PluginDocument, wanted: string): Problem {
  const inImage = document.origin.from === "image";
  return placePluginProblem(document, {
    path: ["spec", "package"],
    code: "unknown-reference",
    message: inImage
      ? `${wanted} is no folder of the image with a plugin.yaml, and an image can't name a package of a registry: it brings all that its plug-ins do, under its own digest.`
      : `There is no package ${wanted} here.`,
    found: wanted,
    hint: inImage
      ? "Unpack it beside the document with `outrigger unpack`, and name that folder as ./NAME."
      : "Pull it, or name a folder that has a plugin.yaml.",
  });
}

import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type Component, isPodPlugin, type PlainProblem, type PluginManifest, parseReference, type StoredValues } from "@outrigger/plugin";
import type { Vault } from "../secrets.ts";
import type { Database } from "../store/database.ts";
import { builtVersions, findVersion } from "../store/plugins.ts";
import type { VersionRow } from "../store/tables.ts";
import type { DesiredInstallation } from "./desired.ts";
import { sealValues } from "./values.ts";

/** A plug-in named with values, as a file or a request does. */
export interface NamedInstallation {
  /** `NAME` or `NAME@VERSION`. */
  readonly reference: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Values that were stored before, their secrets sealed; they count instead of `values`. */
  readonly restored?: StoredValues;
  readonly enabled: boolean;
  readonly resources?: DesiredInstallation["resources"];
  readonly mounts?: DesiredInstallation["mounts"];
  readonly origin: "file" | "api";
}

export type Resolved<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly PlainProblem[] };

/** Finds versions and seals values; one for the whole of a write, so that a version is looked up once. */
export interface Resolver {
  readonly resolve: (
    component: Pick<Component, "name">,
    named: NamedInstallation,
    stored: DesiredInstallation | undefined,
  ) => Promise<Resolved<DesiredInstallation>>;
}

interface Built {
  readonly row: VersionRow;
  readonly manifest: PluginManifest;
}

export function createResolver(db: Database, vault: Vault, team: string, application: string): Resolver {
  const known = new Map<string, Promise<Resolved<Built>>>();
  const find = (reference: string): Promise<Resolved<Built>> => {
    const found = known.get(reference) ?? findBuilt(db, team, reference);
    known.set(reference, found);
    return found;
  };
  return {
    resolve: async (component, named, stored) => {
      const found = await find(named.reference);
      if (!found.ok) return found;
      const { row, manifest } = found.value;
      if (!isPodPlugin(manifest)) return { ok: false, problems: [wrongLayer(row.plugin, manifest.spec.layer)] };
      const owner = { team, application, component: component.name, plugin: row.plugin };
      const sealed =
        named.restored === undefined
          ? sealValues(manifest.spec.config, named.values, stored?.values ?? {}, owner, vault)
          : { values: named.restored, problems: [] };
      if (sealed.problems.length > 0) {
        return { ok: false, problems: sealed.problems.map((problem) => ({ ...problem, path: ["values", ...problem.path] })) };
      }
      const value: DesiredInstallation = {
        plugin: row.plugin,
        version: row.version,
        spec: manifest.spec,
        image: row.image ?? "",
        values: sealed.values,
        ...revisionOf(sealed.values, stored),
        enabled: named.enabled,
        ...(named.resources === undefined ? {} : { resources: named.resources }),
        ...(named.mounts === undefined ? {} : { mounts: named.mounts }),
        origin: named.origin,
        ...previousVersion(row.version, stored),
      };
      return { ok: true, value };
    },
  };
}

/** Values that change make a new revision; an installation keeps its own name while it lives. */
function revisionOf(
  values: DesiredInstallation["values"],
  stored: DesiredInstallation | undefined,
): Pick<DesiredInstallation, "instance" | "revision"> {
  if (stored === undefined) return { instance: randomBytes(12).toString("hex"), revision: 1 };
  const { instance, revision } = stored;
  return { instance, revision: isDeepStrictEqual(values, stored.values) ? revision : revision + 1 };
}

/** A change that keeps the version keeps what came before it, too. */
function previousVersion(version: string, stored: DesiredInstallation | undefined): Pick<DesiredInstallation, "previousVersion"> {
  if (stored === undefined) return {};
  const previous = stored.version === version ? stored.previousVersion : stored.version;
  return previous === undefined ? {} : { previousVersion: previous };
}

async function findBuilt(db: Database, team: string, reference: string): Promise<Resolved<Built>> {
  const { name, version } = parseReference(reference);
  const built = version === undefined ? await builtVersions(db, team, [name]) : [];
  // A pre-release is taken only where it is named or nothing else is there.
  const row =
    version === undefined
      ? (built.find((each) => !each.version.includes("-")) ?? built[0])
      : await findVersion(db, { team, plugin: name, version });
  if (row?.state === "built") return { ok: true, value: { row, manifest: JSON.parse(row.manifest) as PluginManifest } };
  return { ok: false, problems: [row === undefined ? unknownPlugin(reference, version) : unbuilt(row)] };
}

function unknownPlugin(reference: string, version: string | undefined): PlainProblem {
  return {
    path: ["plugin"],
    code: "unknown-reference",
    message: version === undefined ? `There is no built version of the plug-in ${reference}.` : `There is no plug-in version ${reference}.`,
    found: reference,
    hint: "Create and build it first; `outrigger get plugins` lists what is there.",
  };
}

function unbuilt(row: VersionRow): PlainProblem {
  return {
    path: ["plugin"],
    code: "unknown-reference",
    message: `${row.plugin}@${row.version} is not built; its state is ${row.state}.`,
    found: row.state,
    expected: "built",
    hint: `Build it first: \`outrigger plugin build ${row.plugin}@${row.version}\`.`,
  };
}

function wrongLayer(plugin: string, layer: string): PlainProblem {
  return {
    path: ["plugin"],
    code: "conflict",
    message: `${plugin} is a plug-in of the layer ${layer}; only those of the layer pod are installed on components.`,
    found: layer,
    expected: "pod",
  };
}

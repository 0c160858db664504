import { afterAction, type ConfigGroup, isPodPlugin, type PluginManifest, privilegesOf } from "@outrigger/plugin";
import type { Precondition } from "../applications/apply.ts";
import { canonicalJson } from "../canonical.ts";
import { serverErrors } from "../errors.ts";
import type { Services } from "../services.ts";
import { type Database, inTransaction } from "../store/database.ts";
import { newEtag } from "../store/etag.ts";
import { findPlugin, findVersion, insertVersion, putPlugin, updateVersion, type VersionKey } from "../store/plugins.ts";
import type { VersionRow } from "../store/tables.ts";
import { versionRank } from "../version-rank.ts";

export interface Written {
  readonly row: VersionRow;
  readonly created: boolean;
}

type Parts = Pick<Services, "db" | "clock" | "events">;

/**
 * Makes the version that the manifest names, or changes it while that is allowed. The same manifest again changes nothing.
 *
 * @throws version-fixed, version-busy, plugin-layer-differs, template-unread
 */
export function writeManifest(parts: Parts, team: string, manifest: PluginManifest, precondition?: Precondition): Promise<Written> {
  const unread = isPodPlugin(manifest) ? manifest.spec.pod.files.find(({ templateFile }) => templateFile !== undefined) : undefined;
  if (unread !== undefined) throw serverErrors["template-unread"]({ file: unread.templateFile ?? "" });
  return inTransaction(parts.db, async (tx) => {
    const key = { team, plugin: manifest.metadata.name, version: manifest.metadata.version };
    const before = await findVersion(tx, key);
    precondition?.(before);
    return before === undefined
      ? { row: await create(tx, parts, key, manifest), created: true }
      : { row: await change(tx, parts, before, manifest), created: false };
  });
}

/** Changes the config groups of a version. @throws version-unknown, version-fixed, version-busy */
export function writeConfig(
  parts: Parts,
  key: VersionKey,
  config: readonly ConfigGroup[],
  precondition: Precondition,
): Promise<VersionRow> {
  return inTransaction(parts.db, async (tx) => {
    const before = await findVersion(tx, key);
    if (before === undefined) throw serverErrors["version-unknown"](key);
    precondition(before);
    const manifest = JSON.parse(before.manifest) as PluginManifest;
    return await change(tx, parts, before, { ...manifest, spec: { ...manifest.spec, config } });
  });
}

/** The privileges that installing this version takes. */
export function manifestPrivileges(manifest: PluginManifest): ReturnType<typeof privilegesOf> {
  return isPodPlugin(manifest) ? privilegesOf(manifest.spec.pod.securityContext) : [];
}

async function create(tx: Database, { clock, events }: Parts, key: VersionKey, manifest: PluginManifest): Promise<VersionRow> {
  const now = clock().toISOString();
  await putPluginOf(tx, key.team, manifest, now);
  const unbuilt = { image: null, image_digest: null, digest: null, context_digest: null, last_build: null };
  const row: VersionRow = {
    ...key,
    ...unbuilt,
    rank: versionRank(key.version),
    state: "draft",
    manifest: canonicalJson(manifest),
    created_at: now,
    etag: newEtag(),
  };
  await insertVersion(tx, row);
  const message = `The draft ${key.plugin}@${key.version} is made.`;
  await events.record(tx, { team: key.team, subject: `plugin:${key.plugin}@${key.version}`, kind: "normal", reason: "created", message });
  return row;
}

async function change(tx: Database, { clock }: Parts, before: VersionRow, manifest: PluginManifest): Promise<VersionRow> {
  const text = canonicalJson(manifest);
  if (text === before.manifest) return before;
  const state = afterAction(before.state, "edit", before);
  await putPluginOf(tx, before.team, manifest, clock().toISOString());
  const update = { state, manifest: text, etag: newEtag() };
  await updateVersion(tx, before, update);
  return { ...before, ...update };
}

async function putPluginOf(tx: Database, team: string, { metadata, spec }: PluginManifest, now: string): Promise<void> {
  const known = await findPlugin(tx, team, metadata.name);
  if (known !== undefined && known.layer !== spec.layer) {
    throw serverErrors["plugin-layer-differs"]({ plugin: metadata.name, layer: known.layer, found: spec.layer });
  }
  await putPlugin(tx, {
    team,
    name: metadata.name,
    layer: spec.layer,
    display_name: metadata.displayName ?? metadata.name,
    description: metadata.description ?? "",
    created_at: known?.created_at ?? now,
  });
}

import type { PodKey } from "@outrigger/pod";
import { inChunks } from "./chunks.ts";
import type { Database } from "./database.ts";
import type { VersionKey } from "./plugins.ts";
import type { InstallationRow } from "./tables.ts";

/** An installation with what its version is made of. */
export interface InstalledVersion extends InstallationRow {
  readonly manifest: string;
  readonly image: string | null;
}

/** In order of installation; of one component where one is named. */
export function installedVersions(db: Database, team: string, application: string, component?: string): Promise<InstalledVersion[]> {
  return db
    .selectFrom("installations as i")
    .innerJoin("versions as v", (join) =>
      join.onRef("v.team", "=", "i.team").onRef("v.plugin", "=", "i.plugin").onRef("v.version", "=", "i.version"),
    )
    .selectAll("i")
    .select(["v.manifest", "v.image"])
    .where("i.team", "=", team)
    .where("i.application", "=", application)
    .$if(component !== undefined, (query) => query.where("i.component", "=", component ?? ""))
    .orderBy("i.component")
    .orderBy("i.position")
    .execute();
}

/** By component, in order of installation. */
export async function installationsOf(
  db: Database,
  team: string,
  application: string,
  components: readonly string[],
): Promise<ReadonlyMap<string, readonly InstallationRow[]>> {
  if (components.length === 0) return new Map();
  const rows = await db
    .selectFrom("installations")
    .selectAll()
    .where("team", "=", team)
    .where("application", "=", application)
    .where("component", "in", components)
    .orderBy("component")
    .orderBy("position")
    .execute();
  return Map.groupBy(rows, (row) => row.component);
}

export function findInstallation(db: Database, key: PodKey, plugin: string): Promise<InstallationRow | undefined> {
  return db
    .selectFrom("installations")
    .selectAll()
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("component", "=", key.component)
    .where("plugin", "=", plugin)
    .executeTakeFirst();
}

/** Puts these installations in place of all that the application has; the history of those that stay stays, too. */
export async function replaceInstallations(
  db: Database,
  team: string,
  application: string,
  installations: readonly InstallationRow[],
): Promise<void> {
  const kept = new Set(installations.map(({ component, plugin }) => `${component}/${plugin}`));
  const there = await db
    .selectFrom("installations")
    .select(["component", "plugin"])
    .where("team", "=", team)
    .where("application", "=", application)
    .execute();
  for (const { component, plugin } of there) {
    if (!kept.has(`${component}/${plugin}`)) await deleteInstallation(db, { team, application, component }, plugin);
  }
  await inChunks(installations, (chunk) => putInstallations(db, chunk));
}

/** Writes installations, in place of those that were there. */
export async function putInstallations(db: Database, installations: readonly InstallationRow[]): Promise<void> {
  await db
    .insertInto("installations")
    .values(installations)
    .onConflict((conflict) =>
      conflict.columns(["team", "application", "component", "plugin"]).doUpdateSet((row) => ({
        version: row.ref("excluded.version"),
        previous_version: row.ref("excluded.previous_version"),
        position: row.ref("excluded.position"),
        enabled: row.ref("excluded.enabled"),
        setting_values: row.ref("excluded.setting_values"),
        resources: row.ref("excluded.resources"),
        mounts: row.ref("excluded.mounts"),
        origin: row.ref("excluded.origin"),
        instance: row.ref("excluded.instance"),
        revision: row.ref("excluded.revision"),
        etag: row.ref("excluded.etag"),
      })),
    )
    .execute();
}

export async function deleteInstallation(db: Database, key: PodKey, plugin: string): Promise<void> {
  await db
    .deleteFrom("installations")
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("component", "=", key.component)
    .where("plugin", "=", plugin)
    .execute();
}

/** `APPLICATION/COMPONENT` of those who use the plug-in, or one version of it; up to 10, and how many there are. */
export async function usersOf(
  db: Database,
  key: Omit<VersionKey, "version"> & { readonly version?: string },
): Promise<{ readonly count: number; readonly names: readonly string[] }> {
  const used = db
    .selectFrom("installations")
    .where("team", "=", key.team)
    .where("plugin", "=", key.plugin)
    .$if(key.version !== undefined, (query) => query.where("version", "=", key.version ?? ""));
  const { count } = await used.select(({ fn }) => fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  const rows = await used.select(["application", "component"]).orderBy("application").orderBy("component").limit(10).execute();
  return { count, names: rows.map((row) => `${row.application}/${row.component}`) };
}

/** The place after the component's last installation. */
export async function nextPosition(db: Database, key: PodKey): Promise<number> {
  const row = await db
    .selectFrom("installations")
    .select(({ fn }) => fn.max<number | null>("position").as("last"))
    .where("team", "=", key.team)
    .where("application", "=", key.application)
    .where("component", "=", key.component)
    .executeTakeFirst();
  return (row?.last ?? -1) + 1;
}

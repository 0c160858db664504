import type { PodKey } from "@outrigger/pod";
import type { RevisionResource } from "../api/resources.ts";
import { serverErrors } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { findRevision, insertRevision } from "../store/revisions.ts";
import type { RevisionRow } from "../store/tables.ts";
import type { DesiredInstallation } from "./desired.ts";
import { redactValues } from "./values.ts";

/** Who changes values, when, and from which earlier revision they come. */
export interface Authorship {
  readonly author: string;
  readonly now: string;
  readonly rolledBackTo?: number;
}

/** Keeps the values of an installation as a revision, where they are other ones than before. */
export async function recordRevision(
  tx: Database,
  key: PodKey,
  own: DesiredInstallation,
  before: DesiredInstallation | undefined,
  { author, now, rolledBackTo }: Authorship,
): Promise<void> {
  if (before?.instance === own.instance && before.revision === own.revision) return;
  await insertRevision(tx, {
    team: key.team,
    application: key.application,
    component: key.component,
    plugin: own.plugin,
    number: own.revision,
    version: own.version,
    setting_values: JSON.stringify(own.values),
    author,
    created_at: now,
    rolled_back_to: rolledBackTo ?? null,
  });
}

/** The values of an earlier revision; their secrets are sealed. @throws revision-unknown */
export async function valuesOfRevision(tx: Database, key: PodKey, plugin: string, number: number): Promise<DesiredInstallation["values"]> {
  const row = await findRevision(tx, key, plugin, number);
  if (row === undefined) throw serverErrors["revision-unknown"]({ number, plugin, component: `${key.application}/${key.component}` });
  return JSON.parse(row.setting_values) as DesiredInstallation["values"];
}

export function viewRevision({ number, version, setting_values, author, created_at, rolled_back_to }: RevisionRow): RevisionResource {
  const values = redactValues(JSON.parse(setting_values));
  return { number, version, values, author, createdAt: created_at, ...(rolled_back_to === null ? {} : { rolledBackTo: rolled_back_to }) };
}

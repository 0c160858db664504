import type { PodKey, SecretReference } from "@outrigger/pod";
import type { RuntimeOptions } from "@outrigger/runtime";
import type { Logger } from "pino";
import { sealedSecrets, secretPlace } from "./applications/values.ts";
import type { Bell } from "./bell.ts";
import type { CredentialStore } from "./credentials.ts";
import { serverErrors } from "./errors.ts";
import type { EventLog } from "./events.ts";
import { statusTopic } from "./reconciler.ts";
import type { Vault } from "./secrets.ts";
import type { Database } from "./store/database.ts";
import { findInstallation } from "./store/installations.ts";

export interface RuntimeParts {
  readonly db: Database;
  readonly vault: Vault;
  readonly bell: Bell;
  readonly events: EventLog;
  readonly credentials: CredentialStore;
  readonly log: Logger;
}

/** What a runtime gets from the server: secrets and credentials when it needs them, and ears for what happens. */
export function runtimeOptions(owner: string, { db, vault, bell, events, credentials, log }: RuntimeParts): RuntimeOptions {
  return {
    owner,
    secret: (key, reference) => openSecret(db, vault, key, reference),
    credentials: (team, registry) => credentials.find(team, "registry", registry),
    onStatus: ({ key }) => bell.ring(statusTopic(key.team, key.application)),
    onEvent: ({ key, kind, reason, message }) => {
      const subject = `component:${key.application}/${key.component}`;
      // A pod can outlive its team's row by a moment, and the disk can be full: neither may stop the runtime.
      events.note({ team: key.team, subject, kind, reason, message }).catch((error) => log.warn({ err: error, subject }, message));
    },
  };
}

/** @throws secret-changed, secret-unreadable */
async function openSecret(db: Database, vault: Vault, key: PodKey, reference: SecretReference): Promise<string> {
  const owner = { ...key, plugin: reference.plugin };
  const row = await findInstallation(db, key, reference.plugin);
  const found = sealedSecrets(JSON.parse(row?.setting_values ?? "{}"), reference.group, reference.item);
  const match = found.find(({ secret }) => secret.digest === reference.digest);
  if (match === undefined) throw serverErrors["secret-changed"]({ place: `${reference.plugin}: ${reference.group}.${reference.item}` });
  return vault.open(secretPlace(owner, match.path), match.secret.sealed);
}

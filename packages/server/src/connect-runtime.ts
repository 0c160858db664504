import type { PodKey, SettingSecret } from "@outrigger/pod";
import type { RuntimeOptions } from "@outrigger/runtime";
import type { Logger } from "pino";
import { sealedSecret, secretPlace } from "./applications/values.ts";
import type { CredentialStore } from "./credentials.ts";
import type { DiscoveryService } from "./discovery/discovery-service.ts";
import { discoveryToken } from "./discovery/tokens.ts";
import { serverErrors } from "./errors.ts";
import type { EventLog } from "./events.ts";
import type { Vault } from "./secrets.ts";
import type { Database } from "./store/database.ts";
import { findInstallation } from "./store/installations.ts";

export interface RuntimeParts {
  readonly db: Database;
  readonly vault: Vault;
  readonly events: EventLog;
  readonly credentials: CredentialStore;
  readonly log: Logger;
  readonly discovery: Pick<DiscoveryService, "listenOn">;
  /** Where the runtime keeps the files of containers. */
  readonly filesFolder: string;
  readonly onStatus: (key: PodKey) => void;
}

/** What a runtime gets from the server: secrets and credentials when it needs them, and ears for what happens. */
export function runtimeOptions(
  owner: string,
  { db, vault, events, credentials, log, discovery, filesFolder, onStatus }: RuntimeParts,
): RuntimeOptions {
  return {
    owner,
    filesFolder,
    secret: (key, reference) =>
      "instance" in reference ? Promise.resolve(discoveryToken(vault, { ...key, ...reference })) : openSecret(db, vault, key, reference),
    credentials: (team, registry) => credentials.find(team, "registry", registry),
    onNetworks: (networks) => discovery.listenOn(networks),
    onStatus: ({ key }) => onStatus(key),
    onEvent: ({ key, kind, reason, message }) => {
      const subject = `component:${key.application}/${key.component}`;
      // A pod can outlive its team's row by a moment, and the disk can be full: neither may stop the runtime.
      events.note({ team: key.team, subject, kind, reason, message }).catch((error) => log.warn({ err: error, subject }, message));
    },
  };
}

/** The text of a setting that is a secret. @throws secret-changed, secret-unreadable */
export async function openSecret(db: Database, vault: Vault, key: PodKey, secret: SettingSecret): Promise<string> {
  const { plugin, group, item, port, digest } = secret;
  const row = await findInstallation(db, key, plugin);
  const path = port === undefined ? [group, item] : [group, port, item];
  const sealed = sealedSecret(JSON.parse(row?.setting_values ?? "{}"), path);
  if (sealed?.digest !== digest) throw serverErrors["secret-changed"]({ place: `${plugin}: ${path.join(".")}` });
  return vault.open(secretPlace({ ...key, plugin }, path), sealed.sealed);
}

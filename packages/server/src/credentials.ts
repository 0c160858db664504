import type { RegistryCredentials } from "@outrigger/runtime";
import type { Vault } from "./secrets.ts";
import { credentialsOfKind, findCredentialByHost } from "./store/credentials.ts";
import type { Database } from "./store/database.ts";
import type { CredentialRow } from "./store/tables.ts";

type Kind = CredentialRow["kind"];

/** A team's credentials, opened for those parts of the server that log in with them. */
export interface CredentialStore {
  readonly find: (team: string, kind: Kind, host: string) => Promise<RegistryCredentials | undefined>;
  /** By host. */
  readonly all: (team: string, kind: Kind) => Promise<Readonly<Record<string, RegistryCredentials>>>;
}

export function createCredentialStore(db: Database, vault: Vault): CredentialStore {
  const open = (row: CredentialRow): RegistryCredentials => ({
    username: row.username,
    password: vault.open(credentialPlace(row), row.sealed),
  });
  return {
    find: async (team, kind, host) => {
      const row = await findCredentialByHost(db, team, kind, host);
      return row && open(row);
    },
    all: async (team, kind) => Object.fromEntries((await credentialsOfKind(db, team, kind)).map((row) => [row.host, open(row)])),
  };
}

/** Where a password is sealed for: it opens for this host only. */
export function credentialPlace(row: Pick<CredentialRow, "team" | "name" | "kind" | "host">): string {
  return JSON.stringify(["credential", row.team, row.name, row.kind, row.host]);
}

import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { serverErrors } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { findRole, findTeam } from "../store/teams.ts";
import { findToken } from "../store/tokens.ts";
import type { Role } from "./resources.ts";

/** Who may call a route: anyone, any token, the admin token, or a token with a role in the path's team. */
export type Access = "open" | "token" | "admin-token" | Role;

/** Whose request it is. */
export interface Principal {
  readonly token: string;
  /** Everything, in every team. */
  readonly admin: boolean;
}

/** Who is named as the author of a change: the token's id. */
export function authorOf(principal: Principal | undefined): string {
  return principal?.token ?? "unknown";
}

const rank: Readonly<Record<Role, number>> = { viewer: 1, developer: 2, admin: 3 };

/** The id of the server's own admin token. */
export const adminTokenId = "admin";

/** The stored form of a token's text. Tokens are random, so a plain hash can't be guessed back. */
export function hashToken(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `outrigger_ID_SECRET` -> `ID`; undefined for what is no token. */
export function tokenId(text: string): string | undefined {
  return /^outrigger_([a-z0-9]{1,32})_[\w-]{43}$/.exec(text)?.[1];
}

/** Lets the request pass, or throws. @throws unauthorized, forbidden, team-unknown */
export async function authorize(db: Database, access: Access, request: FastifyRequest): Promise<Principal | undefined> {
  if (access === "open") return undefined;
  const principal = await authenticate(db, request.headers.authorization);
  if (access === "token") return principal;
  if (access === "admin-token") {
    if (!principal.admin) throw serverErrors.forbidden({ needed: "an admin token", has: "roles in single teams" });
    return principal;
  }
  const { team } = request.params as { readonly team: string };
  const role = principal.admin ? await adminRole(db, team) : await findRole(db, principal.token, team);
  if (role === undefined) throw serverErrors["team-unknown"]({ team });
  if (rank[role] < rank[access]) throw serverErrors.forbidden({ needed: `the role ${access}`, has: `the role ${role}` });
  return principal;
}

async function authenticate(db: Database, header: string | undefined): Promise<Principal> {
  const text = /^Bearer +([^\s]+)$/i.exec(header ?? "")?.[1] ?? "";
  const row = await findToken(db, tokenId(text) ?? "");
  const given = Buffer.from(hashToken(text));
  if (row === undefined || !timingSafeEqual(given, Buffer.from(row.hash))) throw serverErrors.unauthorized({});
  return { token: row.id, admin: row.admin === 1 };
}

async function adminRole(db: Database, team: string): Promise<Role | undefined> {
  return (await findTeam(db, team)) === undefined ? undefined : "admin";
}

import { nameField } from "@outrigger/plugin";
import * as z from "zod";
import { credentialPlace } from "../credentials.ts";
import { serverErrors } from "../errors.ts";
import { deleteCredential, findCredentialByHost, listCredentials, putCredential } from "../store/credentials.ts";
import { inTransaction } from "../store/database.ts";
import type { CredentialRow } from "../store/tables.ts";
import type { App } from "./app-type.ts";
import { pageOf, pageQuery, toPage } from "./paging.ts";
import { credentialRequest, teamParams } from "./requests.ts";
import type { CredentialResource } from "./resources.ts";
import { credentialSchema, pageSchema } from "./schemas.ts";

export function credentialRoutes(app: App): void {
  const credentialParams = z.object({ team: nameField, name: nameField });

  app.get(
    "/teams/:team/credentials",
    {
      config: { access: "admin" },
      schema: {
        summary: "Credentials, without their passwords",
        params: teamParams,
        querystring: pageQuery,
        response: { 200: pageSchema("CredentialPage", credentialSchema) },
      },
    },
    async ({ params: { team }, query }) => {
      const cut = pageOf(await listCredentials(app.services.db, team, query), query.limit, (row) => row.name);
      return toPage(cut, cut.rows.map(view));
    },
  );

  app.put(
    "/teams/:team/credentials/:name",
    {
      config: { access: "admin" },
      schema: {
        summary: "Store a credential; its password is never given back",
        params: credentialParams,
        body: credentialRequest,
        response: { 200: credentialSchema },
      },
    },
    async ({ params: { team, name }, body: { password, ...body } }) => {
      const { db, vault, clock } = app.services;
      const key = { team, name, ...body };
      const row: CredentialRow = { ...key, sealed: vault.seal(credentialPlace(key), password), updated_at: clock().toISOString() };
      await inTransaction(db, async (tx) => {
        const other = await findCredentialByHost(tx, team, body.kind, body.host);
        if (other !== undefined && other.name !== name) throw serverErrors["credential-host-taken"]({ host: body.host, name: other.name });
        await putCredential(tx, row);
      });
      return view(row);
    },
  );

  app.delete(
    "/teams/:team/credentials/:name",
    { config: { access: "admin" }, schema: { summary: "Delete a credential", params: credentialParams, response: { 204: z.null() } } },
    async ({ params: { team, name } }, reply) => {
      if (!(await deleteCredential(app.services.db, team, name))) throw serverErrors["credential-unknown"]({ name });
      return reply.code(204).send(null);
    },
  );
}

function view({ name, kind, host, username, updated_at: updatedAt }: CredentialRow): CredentialResource {
  return { name, kind, host, username, updatedAt };
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { readPrivileges } from "../../config/privileges.ts";
import { driverErrors } from "../../errors.ts";
import type { DriverHost } from "../driver-host.ts";
import type { PackageRequest } from "../install/package-access.ts";
import { readReference } from "../names.ts";
import { readFilters } from "./filters.ts";
import { hostName } from "./host-name.ts";
import { credentialsOf, flag, numberOf, readJsonBody, required } from "./read-request.ts";
import { sendJson, sendNothing, sendText, streamProgress } from "./send.ts";

/** One call of the API. */
export interface ApiCall {
  readonly host: DriverHost;
  readonly request: IncomingMessage;
  readonly answer: ServerResponse;
  readonly query: URLSearchParams;
  /** What stands for `{name}`. */
  readonly name: string;
}

export interface ApiRoute {
  readonly method: string;
  /** After the version prefix. */
  readonly path: RegExp;
  readonly handle: (call: ApiCall) => Promise<void>;
}

/** Docker's plug-in API (Engine API 1.41, "Plugin") as far as a host without an engine has it, and what we add: logs, rollback. */
export const routes: readonly ApiRoute[] = [
  {
    method: "GET",
    path: /^\/plugins$/,
    handle: async ({ host, answer, query }) => sendJson(answer, host.list().filter(readFilters(query))),
  },
  {
    method: "GET",
    path: /^\/plugins\/privileges$/,
    handle: async ({ host, answer, ...call }) => {
      const privileges = await host.privileges(packageRequest(call));
      sendJson(answer, privileges.length === 0 ? null : privileges);
    },
  },
  {
    method: "POST",
    path: /^\/plugins\/pull$/,
    handle: async ({ host, answer, ...call }) => {
      const request = packageRequest(call);
      const alias = call.query.get("name");
      const granted = readPrivileges(await readJsonBody(call.request));
      const wanted = { ...request, granted, ...(alias ? { alias: readReference(alias) } : {}) };
      await streamProgress(answer, async (tell, begin) => {
        const { Name } = await host.install(wanted, (line) => {
          begin();
          tell(line);
        });
        tell({ status: `Installed plugin ${Name}` });
      });
    },
  },
  { method: "GET", path: /^\/plugins\/(.+)\/json$/, handle: async ({ host, answer, name }) => sendJson(answer, host.inspect(name)) },
  {
    method: "POST",
    path: /^\/plugins\/(.+)\/enable$/,
    handle: async ({ host, answer, name, query }) => {
      await host.enable(name, numberOf(query, "timeout") * 1000);
      sendNothing(answer, 200);
    },
  },
  {
    method: "POST",
    path: /^\/plugins\/(.+)\/disable$/,
    handle: async ({ host, answer, name, query }) => {
      await host.disable(name, flag(query, "force"));
      sendNothing(answer, 200);
    },
  },
  {
    method: "POST",
    path: /^\/plugins\/(.+)\/set$/,
    handle: async ({ host, answer, name, request }) => {
      const args = await readJsonBody(request);
      if (!Array.isArray(args) || !args.every((each) => typeof each === "string"))
        throw driverErrors["request-invalid"]({ reason: "the body of set is no list of texts" });
      await host.set(name, args);
      sendNothing(answer, 204);
    },
  },
  {
    method: "POST",
    path: /^\/plugins\/(.+)\/upgrade$/,
    handle: async ({ host, answer, name, ...call }) => {
      const granted = readPrivileges(await readJsonBody(call.request));
      const wanted = { ...packageRequest(call), granted, force: flag(call.query, "force") };
      await streamProgress(answer, (tell, begin) =>
        host.upgrade(name, wanted, (line) => {
          begin();
          tell(line);
        }),
      );
    },
  },
  {
    method: "POST",
    path: /^\/plugins\/(.+)\/rollback$/,
    handle: async ({ host, answer, name, query }) => {
      await host.rollback(name, flag(query, "force"));
      sendNothing(answer, 200);
    },
  },
  {
    method: "GET",
    path: /^\/plugins\/(.+)\/logs$/,
    handle: async ({ host, answer, name, query }) => {
      const leaving = new AbortController();
      answer.once("close", () => leaving.abort());
      const pieces = host.logs(name, flag(query, "follow"), leaving.signal);
      answer.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
      answer.flushHeaders();
      for await (const piece of pieces)
        if (!answer.write(piece)) await new Promise((resolve) => answer.once("drain", resolve).once("close", resolve));
      answer.end();
    },
  },
  {
    method: "DELETE",
    path: /^\/plugins\/(.+)$/,
    handle: async ({ host, answer, name, query }) => {
      await host.remove(name, flag(query, "force"));
      sendNothing(answer, 200);
    },
  },
  { method: "GET", path: /^\/_ping$/, handle: async ({ answer }) => sendText(answer, "OK") },
  { method: "HEAD", path: /^\/_ping$/, handle: async ({ answer }) => sendNothing(answer, 200) },
  { method: "GET", path: /^\/version$/, handle: async ({ answer }) => sendJson(answer, versionAnswer()) },
  {
    method: "GET",
    path: /^\/info$/,
    handle: async ({ answer }) => sendJson(answer, { ID: "", Name: hostName, ServerVersion: "", OSType: "linux", Swarm: {} }),
  },
];

export const apiVersion = "1.41";

function versionAnswer(): object {
  return {
    Platform: { Name: hostName },
    Version: process.version,
    ApiVersion: apiVersion,
    MinAPIVersion: "1.24",
    Os: "linux",
    Arch: process.arch,
  };
}

function packageRequest({ request, query }: Pick<ApiCall, "request" | "query">): PackageRequest {
  const reference = readReference(required(query, "remote"));
  const from = query.get("from");
  if (from !== null && !from.startsWith("/")) throw driverErrors["request-invalid"]({ reason: "`from` is no absolute path" });
  const credentials = credentialsOf(request.headers["x-registry-auth"]);
  return { reference, ...(from === null ? {} : { from }), ...(credentials === undefined ? {} : { credentials }) };
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openApiDocument } from "../src/index.ts";
import { testServer } from "./support/server.ts";

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

test("the OpenAPI document is served, names every schema that it uses, and holds no other", async (context) => {
  const document = (await openApiDocument()) as OpenApi;
  const server = await testServer(context);
  assert.deepEqual((await server.send("GET", "/openapi.json", { token: "" })).body, document);
  assert.equal(document.openapi, "3.1.0");
  const named = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
  assert.deepEqual([...new Set(named)].toSorted(), Object.keys(document.components.schemas).toSorted());
});

test("docs/api.md tells of every route, and of none that is not there", async () => {
  const { paths } = (await openApiDocument()) as OpenApi;
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const manual = readFileSync(join(import.meta.dirname, "../../../docs/api.md"), "utf8");
  const told = [...manual.matchAll(/^\| `((?:[A-Z]+, )*[A-Z]+) (\S+)` +\|/gm)].flatMap(([, methods = "", path = ""]) =>
    methods.split(", ").map((method) => `${method} ${path.startsWith("/api/v1") ? path : `/api/v1${path}`}`),
  );
  assert.deepEqual(told.toSorted(), routes.map((route) => route.replace(/\/$/, "")).toSorted());
});

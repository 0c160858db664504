import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { createApp } from "./app.ts";
import type { App } from "./app-type.ts";
import { apiSchemas } from "./schemas.ts";

/** The OpenAPI 3.1 document, made from the schemas that requests are checked with. */
export async function openApiDocument(): Promise<object> {
  // Only few ask for it; a server that is never asked does not load what makes it.
  let described: App | undefined;
  const { default: swagger } = await import("@fastify/swagger");
  const before = async (scope: App): Promise<void> => {
    await scope.register(swagger, {
      openapi: {
        openapi: "3.1.0",
        info: { title: "Outrigger", version: "v1", description: "The control plane. Errors are problem documents (RFC 9457)." },
        components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
        security: [{ token: [] }],
      },
      transform: createJsonSchemaTransform({ schemaRegistry: apiSchemas }),
      transformObject: createJsonSchemaTransformObject({ schemaRegistry: apiSchemas }),
    });
    described = scope;
  };
  const app = await createApp({ before });
  await app.ready();
  const document = described?.swagger() as unknown as OpenApi;
  await app.close();
  return withPlainNames(withCommonParts(document));
}

/** Only the schemas that are used, under their own names: `TeamRequestInput` is `TeamRequest` where nothing gives one out. */
function withPlainNames(document: OpenApi): OpenApi {
  const schemas = usedSchemas(document);
  const plain = (name: string): string => {
    const base = name.replace(/Input$/, "");
    return base in schemas ? name : base;
  };
  const named = Object.entries(schemas).map(([name, schema]) => [plain(name), schema]);
  const whole = JSON.stringify({ ...document, components: { ...document.components, schemas: Object.fromEntries(named) } });
  return JSON.parse(Object.keys(schemas).reduce((text, name) => text.replaceAll(refTo(name), refTo(plain(name))), whole)) as OpenApi;
}

/** What the paths name, and what that names in turn. */
function usedSchemas(document: OpenApi): Readonly<Record<string, unknown>> {
  const all = Object.entries(document.components.schemas);
  const used = new Map<string, unknown>();
  const visit = (text: string): void => {
    for (const [name, schema] of all) {
      if (used.has(name) || !text.includes(refTo(name))) continue;
      used.set(name, schema);
      visit(JSON.stringify(schema));
    }
  };
  visit(JSON.stringify(document.paths));
  return Object.fromEntries(all.filter(([name]) => used.has(name)));
}

function refTo(name: string): string {
  return `"#/components/schemas/${name}"`;
}

/** What every operation can answer, and the bodies that are no JSON. */
function withCommonParts(document: OpenApi): OpenApi {
  const problem = {
    description: "A problem.",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
  const tar = { required: false, content: { "application/x-tar": { schema: { type: "string", format: "binary" } } } };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      operation["responses"] = { ...(operation["responses"] as object), default: problem };
      if (method === "post" && path.endsWith("/builds")) operation["requestBody"] = tar;
    }
  }
  return document;
}

interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
}

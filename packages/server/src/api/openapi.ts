import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { type App, createApp } from "./app.ts";
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
  return withCommonParts(document);
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
  readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
}

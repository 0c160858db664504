import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Services } from "../services.ts";
import type { Access, Principal } from "./auth.ts";

/** The HTTP server, with types of requests and answers taken from their schemas. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

declare module "fastify" {
  interface FastifyInstance {
    services: Services;
  }
  interface FastifyRequest {
    /** Whose request it is; undefined where anyone may ask. */
    principal: Principal | undefined;
  }
  interface FastifyContextConfig {
    /** Who may call the route; a route that does not say is closed to all but the admin token. */
    access?: Access;
  }
}

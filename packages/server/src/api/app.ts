import { randomUUID } from "node:crypto";
import Fastify, { type FastifyBaseLogger, type FastifyServerOptions, type RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Logger } from "pino";
import type * as z from "zod";
import { serverErrors } from "../errors.ts";
import type { Services } from "../services.ts";
import type { App } from "./app-type.ts";
import { authorize } from "./auth.ts";
import { answerError, parsePart } from "./problems.ts";
import { routes } from "./routes.ts";

const jsonBytes = 16 * 1024 * 1024;

export interface AppOptions {
  /** Absent: silent. */
  readonly logger?: Logger;
  /** Absent: only to describe the routes; nobody is let in. */
  readonly services?: Services;
  /** Registered before the routes, so that it sees them all. */
  readonly before?: (app: App) => Promise<void>;
}

/** The app with its routes. */
export async function createApp({ logger, services, before }: AppOptions): Promise<App> {
  const options: FastifyServerOptions<RawServerDefault, FastifyBaseLogger> = {
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    bodyLimit: jsonBytes,
    exposeHeadRoutes: false,
    requestTimeout: 30 * 60_000,
    forceCloseConnections: "idle",
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 256 },
  };
  const app = Fastify(options).withTypeProvider<ZodTypeProvider>() as unknown as App;
  app.setValidatorCompiler<z.ZodType>(
    ({ schema, httpPart }) =>
      (value) =>
        parsePart(schema, value, httpPart ?? "request"),
  );
  // The answers' shapes are held by their types; checking each would cost more than making it.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request) => {
    throw serverErrors["route-unknown"]({ method: request.method, path: request.url.split("?")[0] ?? "" });
  });
  // A tar is handed on as the stream that it is.
  app.addContentTypeParser("application/x-tar", (_, body, done) => done(null, body));
  app.decorateRequest("principal", undefined);
  if (services !== undefined) app.decorate("services", services);
  app.addHook("onRequest", async (request) => {
    if (!request.is404) request.principal = await authorize(app.services.db, request.routeOptions.config.access ?? "admin-token", request);
  });
  await before?.(app);
  app.register(
    (scope, _, done) => {
      routes(scope);
      done();
    },
    { prefix: "/api/v1" },
  );
  return app;
}

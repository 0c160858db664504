import { Readable } from "node:stream";
import * as z from "zod";
import { subjectOf } from "../builds/job.ts";
import { buildTopic } from "../builds/log.ts";
import { startComponentBuild, startVersionBuild } from "../builds/start.ts";
import { serverErrors } from "../errors.ts";
import { type BuildRow, findBuild, linesAfter, listBuilds } from "../store/builds.ts";
import type { App } from "./app-type.ts";
import { numberedPageQuery, pageOf, toPage } from "./paging.ts";
import { buildParams, componentBuildQuery, componentParams, teamParams, versionParams } from "./requests.ts";
import type { BuildResource } from "./resources.ts";
import { buildSchema, pageSchema } from "./schemas.ts";
import { lastEventId, type ServerSentEvent, streamEvents, wantsEvents } from "./sse.ts";

/** Text that is sent as it is read from the store. */
const textSchema = z.custom<Readable>().meta({ type: "string" });

export function buildRoutes(app: App): void {
  app.post(
    "/teams/:team/plugins/:plugin/versions/:version/builds",
    {
      config: { access: "developer" },
      schema: {
        summary: "Build a version; its context, where it has a Dockerfile, is the body",
        params: versionParams,
        response: { 202: buildSchema },
      },
    },
    async ({ params, body }, reply) => reply.code(202).send(view(await startVersionBuild(app.services, params, tarOf(body)))),
  );

  app.post(
    "/teams/:team/applications/:application/components/:component/builds",
    {
      config: { access: "developer" },
      schema: {
        summary: "Build a component's image; the component may come later",
        params: componentParams,
        querystring: componentBuildQuery,
        response: { 202: buildSchema },
      },
    },
    async ({ params, query: { file, target, arg }, body }, reply) => {
      const args = Object.fromEntries(arg.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]));
      const options = { file, ...(target === undefined ? {} : { target }), ...(arg.length === 0 ? {} : { args }) };
      return reply.code(202).send(view(await startComponentBuild(app.services, params, options, tarOf(body))));
    },
  );

  app.get(
    "/teams/:team/builds",
    {
      config: { access: "viewer" },
      schema: {
        summary: "The team's builds, newest first",
        params: teamParams,
        querystring: numberedPageQuery,
        response: { 200: pageSchema("BuildPage", buildSchema) },
      },
    },
    async ({ params: { team }, query }) => {
      const cut = pageOf(await listBuilds(app.services.db, team, query), query.limit, (row) => String(row.number));
      return toPage(cut, cut.rows.map(view));
    },
  );

  app.get(
    "/teams/:team/builds/:build",
    { config: { access: "viewer" }, schema: { summary: "A build", params: buildParams, response: { 200: buildSchema } } },
    async ({ params: { team, build } }) => view(await buildOf(app, team, build)),
  );

  app.post(
    "/teams/:team/builds/:build/cancel",
    {
      config: { access: "developer" },
      schema: { summary: "Stop a build; it ends as cancelled", params: buildParams, response: { 202: buildSchema } },
    },
    async ({ params: { team, build } }, reply) => {
      const row = await buildOf(app, team, build);
      if (row.ended_at !== null || !app.services.builds.cancel(build)) throw serverErrors["build-ended"]({ build, state: row.state });
      return reply.code(202).send(view(row));
    },
  );

  app.get(
    "/teams/:team/builds/:build/log",
    {
      config: { access: "viewer" },
      schema: {
        summary: "What a build says: as events `line`, `progress` and `end`, or as text",
        params: buildParams,
        response: { 200: { content: { "text/plain": { schema: textSchema }, "text/event-stream": { schema: z.string() } } } },
      },
    },
    async (request, reply) => {
      const { team, build } = request.params;
      await buildOf(app, team, build);
      if (!wantsEvents(request))
        return reply
          .type("text/plain; charset=utf-8")
          .serializer(String)
          .send(Readable.from(logText(app, build)));
      await streamEvents(request, reply, app.services.stopping, (signal) => followLog(app, team, build, lastEventId(request), signal));
      return reply;
    },
  );
}

/** Lines that are stored, then those that come; ends with the build. */
async function* followLog(app: App, team: string, build: string, after: number, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  const { db, bell, builds } = app.services;
  const news = bell.listen(buildTopic(build), signal);
  let last = after;
  const told = new Map<string, string>();
  do {
    const row = await buildOf(app, team, build);
    for (let lines = await linesAfter(db, build, last); lines.length > 0; lines = await linesAfter(db, build, last)) {
      for (const { line, text } of lines) yield { id: line, event: "line", data: { text } };
      last = lines.at(-1)?.line ?? last;
    }
    for (const bytes of builds.progress(build)) {
      const text = JSON.stringify(bytes);
      if (told.get(bytes.what) !== text) yield { event: "progress", data: bytes };
      told.set(bytes.what, text);
    }
    // The log is stored whole before the build is recorded as ended, so the lines above were the last ones.
    if (row.ended_at !== null) return yield { event: "end", data: view(row) };
  } while (await news.next());
}

async function* logText(app: App, build: string): AsyncGenerator<string> {
  let last = 0;
  for (
    let lines = await linesAfter(app.services.db, build, last);
    lines.length > 0;
    lines = await linesAfter(app.services.db, build, last)
  ) {
    yield lines.map(({ text }) => `${text}\n`).join("");
    last = lines.at(-1)?.line ?? last;
  }
}

async function buildOf(app: App, team: string, build: string): Promise<BuildRow> {
  const row = await findBuild(app.services.db, team, build);
  if (row === undefined) throw serverErrors["build-unknown"]({ build });
  return row;
}

function tarOf(body: unknown): Readable | undefined {
  if (body === undefined || body === null) return undefined;
  if (body instanceof Readable) return body;
  throw serverErrors["media-type"]({ found: "application/json" });
}

function view(row: BuildRow): BuildResource {
  return {
    id: row.id,
    team: row.team,
    subject: subjectOf(row),
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.image === null ? {} : { image: row.image }),
    ...(row.context_digest === null ? {} : { contextDigest: row.context_digest }),
    createdAt: row.created_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}

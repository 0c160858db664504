import * as z from "zod";
import { eventTopic } from "../events.ts";
import { type EventFilter, eventsAfter, eventsBefore, newestEvent } from "../store/events.ts";
import type { App } from "./app-type.ts";
import { type PageQuery, pageOf, toPage } from "./paging.ts";
import { teamParams } from "./requests.ts";
import { eventSchema, pageSchema } from "./schemas.ts";
import { lastEventId, type ServerSentEvent, streamEvents, wantsEvents } from "./sse.ts";

const atOnce = 500;

export function eventRoutes(app: App): void {
  const query: z.ZodType<PageQuery & { readonly subject?: string | undefined }> = z.strictObject({
    limit: z.coerce.number().int().min(1).max(500).default(100),
    after: z
      .string()
      .regex(/^\d{1,15}$/)
      .optional()
      .describe("`next` of the page before."),
    subject: z.string().max(300).optional().describe("e.g. component:shop/web"),
  });

  app.get(
    "/teams/:team/events",
    {
      config: { access: "viewer" },
      schema: {
        summary: "What happened: newest first, or as events `event` from now or Last-Event-ID on",
        params: teamParams,
        querystring: query,
        response: {
          200: {
            content: { "application/json": { schema: pageSchema("EventPage", eventSchema) }, "text/event-stream": { schema: z.string() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { limit, after, subject } = request.query;
      const filter = { team: request.params.team, subject };
      if (wantsEvents(request)) {
        await streamEvents(request, reply, app.services.stopping, (signal) => followEvents(app, filter, lastEventId(request), signal));
        return reply;
      }
      const found = await eventsBefore(app.services.db, filter, Number(after ?? Number.MAX_SAFE_INTEGER), limit + 1);
      const cut = pageOf(found, limit, (row) => String(row.id));
      return reply.send(toPage(cut, cut.rows));
    },
  );
}

async function* followEvents(app: App, filter: EventFilter, after: number, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  const { db, bell } = app.services;
  const news = bell.listen(eventTopic(filter.team), signal);
  let last = after === 0 ? await newestEvent(db, filter.team) : after;
  do {
    for (
      let events = await eventsAfter(db, filter, last, atOnce);
      events.length > 0;
      events = await eventsAfter(db, filter, last, atOnce)
    ) {
      for (const event of events) yield { id: event.id, event: "event", data: event };
      last = events.at(-1)?.id ?? last;
    }
  } while (await news.next());
}

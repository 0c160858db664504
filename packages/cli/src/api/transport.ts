import { isOutriggerError, OutriggerError } from "@outrigger/plugin";
import type { Page, ProblemDocument } from "@outrigger/server";
import { cliErrors } from "../errors.ts";
import { type FollowOptions, followEvents, type ServerEvent } from "./event-stream.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SendOptions {
  readonly query?: Query;
  /** Sent as JSON, unless it is a Blob: then as a tar. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface StreamOptions extends FollowOptions {
  readonly query?: Query;
}

/** HTTP to one server, with its errors as {@link OutriggerError}. Paths start after `/api/v1`. */
export interface Transport {
  readonly url: string;
  /** @throws what the server's problem document says; server-unreachable, answer-unreadable */
  readonly send: <T>(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, options?: SendOptions) => Promise<T>;
  /** Every item of a paged list. */
  readonly list: <T>(path: string, query?: Query) => Promise<readonly T[]>;
  /** Server-sent events; goes on after a broken connection where it was. Ends when the server ends it. */
  readonly events: (path: string, options?: StreamOptions) => AsyncIterable<ServerEvent>;
}

export function createTransport(url: string, token: string): Transport {
  const base = `${url.replace(/\/+$/, "")}/api/v1`;

  const request = async (method: string, path: string, options: SendOptions): Promise<Response> => {
    const { body, signal } = options;
    const sent = body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) };
    const type = body === undefined ? {} : { "content-type": body instanceof Blob ? "application/x-tar" : "application/json" };
    const headers = { accept: "application/json", ...type, ...options.headers, authorization: `Bearer ${token}` };
    let response: Response;
    try {
      response = await fetch(`${base}${path}${queryText(options.query)}`, { method, headers, ...sent, ...(signal ? { signal } : {}) });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw cliErrors["server-unreachable"]({ url, reason: reasonOf(error) }, { cause: error });
    }
    if (!response.ok) throw await toError(response);
    return response;
  };

  const send: Transport["send"] = async <T>(method: string, path: string, options: SendOptions = {}): Promise<T> => {
    const response = await request(method, path, options);
    const text = await response.text();
    return (text === "" ? undefined : parseJson(text, response)) as T;
  };

  return {
    url,
    send,
    list: async <T>(path: string, query: Query = {}) => {
      const items: T[] = [];
      let after: string | undefined;
      do {
        const page: Page<T> = await send("GET", path, { query: { limit: 500, ...query, after } });
        items.push(...page.items);
        after = page.next;
      } while (after !== undefined);
      return items;
    },
    events: async function* (path, options = {}) {
      const { query, signal } = options;
      const open = async (lastId: string | undefined): Promise<AsyncIterable<Uint8Array>> => {
        const resume = lastId === undefined ? {} : { "last-event-id": lastId };
        const headers = { accept: "text/event-stream", ...resume };
        const response = await request("GET", path, { headers, ...(query ? { query } : {}), ...(signal ? { signal } : {}) });
        return response.body ?? new Blob([]).stream();
      };
      try {
        for await (const event of followEvents(open, options)) {
          if (event.event === "error" && isProblemDocument(event.data)) throw fromProblem(event.data);
          yield event;
        }
      } catch (error) {
        if (isOutriggerError(error)) throw error;
        throw cliErrors["server-unreachable"]({ url, reason: reasonOf(error) }, { cause: error });
      }
    },
  };
}

/** A path of the API from its parts, each escaped. */
export function apiPath(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join("");
}

function queryText(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]));
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

async function toError(response: Response): Promise<OutriggerError> {
  const problem = parseJson(await response.text(), response);
  if (!isProblemDocument(problem)) return cliErrors["answer-unreadable"]({ url: response.url, status: response.status });
  return fromProblem(problem);
}

function fromProblem({ code, status, detail, hint, problems = [] }: ProblemDocument): OutriggerError {
  return new OutriggerError(code, status, detail, hint ?? "", { problems });
}

function isProblemDocument(value: unknown): value is ProblemDocument {
  return typeof value === "object" && value !== null && "code" in value && "status" in value && "detail" in value;
}

function parseJson(text: string, response: Response): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw cliErrors["answer-unreadable"]({ url: response.url, status: response.status }, { cause: error });
  }
}

/** fetch hides why it failed in the error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}

import type { HookName } from "@outrigger/plugin";
import { parseJson, type RouteRequest } from "@outrigger/sdk";
import type { DoorOptions } from "../../src/doors/door.ts";
import { createDoors } from "../../src/doors/doors.ts";
import { createPullLedger } from "../../src/doors/pull-ledger.ts";
import type { EngineQuestion } from "../../src/gateway/engine-client.ts";
import type { GatewayRequest, GatewayResponse, Header, RequestChange, Target } from "../../src/gateway/exchange.ts";
import type { Call, Dispatcher, PluginRoute } from "../../src/hooks/dispatcher.ts";
import type { HookRecords } from "../../src/oci/hook-record.ts";

type Hooks = Readonly<Partial<Record<HookName, (input: never, call: Call) => unknown>>>;

/** A dispatcher with one plug-in, `tester`, that lives in the test. A hook gives the changed input, or nothing. */
export function dispatcherOf(hooks: Hooks, routes: readonly PluginRoute[] = []): Dispatcher {
  const call = (name: HookName, input: unknown, about: Call): unknown => hooks[name]?.(input as never, about);
  return {
    wants: (name) => hooks[name] !== undefined,
    change: async (name, input, about) => {
      const after = (await call(name, input, about)) as typeof input | undefined;
      return { input: after ?? input, changedBy: after === undefined ? [] : ["tester"], warnings: [] };
    },
    check: async (name, input, about) => void (await call(name, input, about)),
    collect: async (name, input, about) => {
      const result = (await call(name, input, about)) as never;
      return result === undefined ? [] : [{ plugin: "tester", result }];
    },
    notify: async (name, input, about) => {
      try {
        await call(name, input, about);
        return [];
      } catch (error) {
        return [{ plugin: "tester", message: (error as Error).message }];
      }
    },
    routes,
  };
}

export interface Visited {
  /** What was sent on; undefined where nothing was. */
  readonly sent: RequestChange | undefined;
  /** The body that was sent on, read; the one that came where it was not changed. */
  readonly body: unknown;
  readonly answer: GatewayResponse;
  readonly asked: readonly string[];
}

export interface VisitOptions {
  readonly method?: string;
  /** With the version. */
  readonly target: string;
  readonly route?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: readonly Header[];
  readonly hooks?: Hooks;
  readonly routes?: readonly PluginRoute[];
  /** Answers to the doors' own questions, by `METHOD path`. */
  readonly engine?: Readonly<Record<string, unknown>>;
  readonly records?: HookRecords;
  readonly answer?: GatewayResponse;
}

/** Sends one request to the doors, without any gateway or engine. */
export async function visit(options: VisitOptions): Promise<Visited> {
  const asked: string[] = [];
  const find = <Answer>({ method = "GET", path }: EngineQuestion): Promise<Answer | undefined> => {
    asked.push(`${method} ${path}`);
    return Promise.resolve(options.engine?.[`${method} ${path}`] as Answer | undefined);
  };
  const engine: DoorOptions["engine"] = { find, ask: async <Answer>(question: EngineQuestion) => (await find<Answer>(question)) as Answer };
  const dispatcher = dispatcherOf(options.hooks ?? {}, options.routes);
  const intercept = createDoors(
    { current: () => dispatcher, lease: () => ({ dispatcher, release: () => {} }) },
    {
      engine,
      bodyLimit: 1_000_000,
      log: () => {},
      pulls: createPullLedger(),
      ...(options.records === undefined ? {} : { runtime: { records: options.records, name: "outrigger" } }),
    },
  );
  const request = requestOf(options);
  const taken = intercept(request.method, request.target, request.route);
  const answer = options.answer ?? { status: 201, headers: [], body: Buffer.from('{"Id":"abc","Warnings":[]}') };
  let sent: RequestChange | undefined;
  const given = await taken?.handler(request, (change = {}) => {
    sent = change;
    return Promise.resolve(answer);
  });
  const bytes = sent?.body ?? (await request.body(1_000_000));
  return { sent, body: bytes.length === 0 ? undefined : parseJson(bytes.toString()), answer: given ?? answer, asked };
}

function requestOf({ method = "POST", target: text, route, parameters = {}, body, headers }: VisitOptions): GatewayRequest {
  const [, version = null, path = ""] = /^(?:\/v([0-9.]+))?([^?]*)/.exec(text) ?? [];
  const target: Target = { version, path, query: [...new URLSearchParams(text.split("?")[1] ?? "")], text };
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return {
    id: "r1",
    method,
    target,
    route: route === undefined ? undefined : { name: route, parameters },
    headers: headers ?? [["Content-Type", "application/json"]],
    client: () => Promise.resolve({ listener: "unix:///test", user: null }),
    body: () => Promise.resolve(bytes),
    signal: new AbortController().signal,
  };
}

/** A route that a plug-in wraps or handles. */
export function routeOf(given: Partial<PluginRoute> & Pick<PluginRoute, "method" | "path" | "action">): PluginRoute {
  const unchanged = (request: RouteRequest): Promise<RouteRequest> => Promise.resolve(request);
  return {
    plugin: "tester",
    handle: () => Promise.reject(new Error("not handled")),
    request: unchanged,
    response: (_, response) => Promise.resolve(response),
    ...given,
  };
}

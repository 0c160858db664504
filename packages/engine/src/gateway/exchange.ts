import type { Client } from "@outrigger/sdk";

/** A header as it stands on the wire: its name keeps its case, the order is kept. */
export type Header = readonly [name: string, value: string];

/** The place that a request names, made canonical: decoded once, `//`, `.`, `..` and encoded separators refused. */
export interface Target {
  /** `1.41`; null where the path has no version. */
  readonly version: string | null;
  /** Without the version, decoded: `/containers/web/json`. */
  readonly path: string;
  /** In the order of the request, decoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** What is sent to the engine where nothing changes it: canonical path with version, query as it came. */
  readonly text: string;
}

/** What the engine's API calls the place. */
export interface RouteMatch {
  /** Stable, e.g. `container.create`. */
  readonly name: string;
  /** What the path's variable parts are: `{ name: "web" }`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** One request before anything of it was sent to the engine. */
export interface GatewayRequest {
  /** Short and unique in this gateway's life; names the request in traces and refusals. */
  readonly id: string;
  readonly method: string;
  readonly target: Target;
  /** Undefined for places that the engine's API does not have. */
  readonly route: RouteMatch | undefined;
  readonly headers: readonly Header[];
  /** Who asks. The calling process is looked up only where `withProcess` wants it: that takes some milliseconds, once for each connection. */
  readonly client: (withProcess: boolean) => Promise<Client>;
  /** The whole body, read once and kept. @throws body-too-large (413) past `limit` bytes; the rest is then not read */
  readonly body: (limit: number) => Promise<Buffer>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** What is sent to the engine instead of what came. What is absent stays, the body byte for byte. */
export interface RequestChange {
  readonly method?: string;
  /** Path and query as on the wire, with the version. */
  readonly target?: string;
  readonly headers?: readonly Header[];
  readonly body?: Buffer;
}

/** An answer, of the engine or made here. */
export interface GatewayResponse {
  readonly status: number;
  /** Absent: the usual one. */
  readonly reason?: string;
  /** Without framing (Content-Length, Transfer-Encoding, Connection) where the answer is made here. */
  readonly headers: readonly Header[];
  /** A stream is read only as fast as the client takes it; leaving it early ends the engine's side. */
  readonly body: Buffer | AsyncIterable<Buffer>;
}

/** Sends the request on, changed or not; the answer's head is there, its body may still be on its way. To be called at most once. */
export type Forward = (change?: RequestChange) => Promise<GatewayResponse>;

/**
 * Stands in the way of the requests of some routes. It may answer itself, forward, change what goes and what comes.
 * Hijacked connections (attach, exec start, session) can be refused or forwarded, but what runs through them passes by: their handler's answer is used only when it is made without `forward`.
 * An OutriggerError thrown becomes an answer with its status and `{"message"}`; anything else a 500.
 */
export type Handler = (request: GatewayRequest, forward: Forward) => Promise<GatewayResponse>;

/**
 * Who handles a request; undefined: nobody, it passes untouched and fast. Asked once for each request, so it must be quick.
 * `release` is called when the answer has ended, whatever came of it.
 */
export type Intercept = (
  method: string,
  target: Target,
  route: RouteMatch | undefined,
) => { readonly handler: Handler; readonly release?: () => void } | undefined;

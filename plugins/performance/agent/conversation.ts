import type { StreamSink } from "./stream.ts";

/** A request and its answer. Times in microseconds since 1970. */
export interface Exchange {
  readonly start: number;
  /** Of the answer's first byte; absent where none came. */
  readonly first?: number;
  readonly end: number;
  /** `unanswered`: the component closed or refused; `aborted`: the caller went away first. */
  readonly outcome: "answered" | "unanswered" | "aborted";
  readonly failed: boolean;
  /** Of HTTP. */
  readonly status?: number;
  /** What was called, e.g. `GET /users/{id}` or `SELECT`. */
  readonly route?: string;
}

export type Report = (exchange: Exchange) => void;

/** Follows what caller and component say to each other over one connection. */
export interface Conversation {
  readonly client: StreamSink;
  readonly server: StreamSink;
  /** One side ended its direction, or broke the connection off. */
  readonly end: (side: "client" | "server", reset: boolean, time: number) => void;
  /** Called now and then with the present time. */
  readonly idle: (now: number) => void;
  /** Gives back what it holds. */
  readonly drop: () => void;
}

import type { DiscoveryDocument } from "@outrigger/pod";
import type { Logger } from "pino";
import type { Message } from "./messages.ts";
import type { Protocol } from "./protocol.ts";
import { type ResourceType, resourceTypeOf, type Snapshot } from "./resources.ts";
import { createSession, type Session } from "./session.ts";
import type { XdsRequest, XdsSource } from "./xds-server.ts";

/** Why a stream ends: words for the client. */
export type EndReason = "invalid" | "unauthenticated" | "forbidden" | "unknown" | "unavailable";

export interface ClientStreamOptions {
  readonly protocol: Protocol;
  /** The one type that the stream is about; undefined: any. */
  readonly only: ResourceType | undefined;
  readonly source: XdsSource;
  readonly snapshotOf: (document: DiscoveryDocument<string>, node: string) => Snapshot;
  readonly log: Logger;
  /** From the call's metadata. */
  readonly token: string | undefined;
  readonly address: string;
  readonly send: (response: Message) => void;
  readonly refused: (node: string, message: string) => void;
  readonly end: (reason: EndReason, message: string) => void;
}

export interface ClientStream {
  readonly receive: (message: Message) => void;
  readonly close: () => void;
}

const retryAfterMs = 2000;
const reasons: Readonly<Record<number, EndReason>> = { 401: "unauthenticated", 403: "forbidden", 404: "unknown" };

/** One client's stream, from its first request, which says who it is, to its end. */
export function openClientStream(options: ClientStreamOptions): ClientStream {
  const closed = new AbortController();
  let session: Session | undefined;

  const end = (reason: EndReason, message: string): void => {
    if (closed.signal.aborted) return;
    closed.abort();
    options.end(reason, message);
  };
  const open = (caller: XdsRequest): Session => {
    const opened = createSession(options.protocol, {
      send: options.send,
      refused: (type, message) => options.refused(caller.node, `${type}: ${message}`),
    });
    follow(options, caller, opened, end, closed.signal);
    return opened;
  };

  return {
    receive(message) {
      if (closed.signal.aborted) return;
      const type = typeOf(message, options.only);
      if (type === "wrong")
        return end("invalid", `This stream is about ${options.only ?? "types"} only, and has no ${String(message["type_url"])}.`);
      if (session === undefined) {
        const caller = readCaller(message, options);
        if (caller === undefined) return end("invalid", "The first request must have node.id: TEAM.APPLICATION_PLUGIN_COMPONENT.");
        session = open(caller);
      }
      if (type !== undefined) session.request(type, message);
      else options.log.info({ type: message["type_url"] }, "xDS: a client asks for a type that is not served");
    },
    close: () => closed.abort(),
  };
}

/** Undefined: a type that is not served here. */
function typeOf(message: Message, only: ResourceType | undefined): ResourceType | "wrong" | undefined {
  const url = String(message["type_url"] ?? "");
  if (only === undefined) return resourceTypeOf(url);
  return url === "" || resourceTypeOf(url) === only ? only : "wrong";
}

interface NodeFields {
  readonly id?: string;
  readonly metadata?: { readonly fields?: Readonly<Record<string, { readonly stringValue?: string }>> };
}

function readCaller(message: Message, { token, address }: ClientStreamOptions): XdsRequest | undefined {
  const { id = "", metadata } = (message["node"] ?? {}) as NodeFields;
  const node = id.split("~")[0] ?? "";
  if (node === "") return undefined;
  return { node, token: token ?? metadata?.fields?.["DISCOVER_TOKEN"]?.stringValue, address };
}

/** Reads the document now and after each change; changes that come while it is read are one. */
function follow(
  options: ClientStreamOptions,
  caller: XdsRequest,
  session: Session,
  end: ClientStreamOptions["end"],
  signal: AbortSignal,
): void {
  const { source, log, snapshotOf } = options;
  let reading = false;
  let stale = false;
  let served = false;
  let retry: NodeJS.Timeout | undefined;

  const read = async (): Promise<void> => {
    try {
      const { document } = await source.read(caller);
      if (signal.aborted) return;
      session.update(snapshotOf(document, caller.node));
      served = true;
    } catch (error) {
      if (signal.aborted) return;
      const reason = reasons[(error as { readonly status?: number }).status ?? 0];
      const text = error instanceof Error ? error.message : String(error);
      if (reason !== undefined) return end(reason, text);
      log.error({ node: caller.node, err: error }, "xDS: a document can't be read");
      if (!served) return end("unavailable", "Discovery can't be read now.");
      retry = setTimeout(onChange, retryAfterMs);
      retry.unref();
    }
  };
  const readAll = async (): Promise<void> => {
    reading = true;
    while (stale && !signal.aborted) {
      stale = false;
      await read();
    }
    reading = false;
  };
  const onChange = (): void => {
    clearTimeout(retry);
    stale = true;
    if (!reading) void readAll();
  };

  signal.addEventListener("abort", () => clearTimeout(retry), { once: true });
  source.watch(caller.node, onChange, signal);
  onChange();
}

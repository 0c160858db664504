import { wordsOf } from "@outrigger/plugin";
import { sdkErrors } from "../errors.ts";
import { isMessage, type Message, type MessageId } from "./json-rpc-message.ts";
import { createLineCutter } from "./lines.ts";

/** Bytes of one message; what is longer breaks the protocol. */
export const messageLimit: number = 16 * 1024 * 1024;

export interface JsonRpcOptions {
  /** Takes one message with its newline. */
  readonly send: (line: string) => void;
  /** Answers a request of the other side; what it throws becomes an error answer. */
  readonly answer: (method: string, params: unknown, id: MessageId) => Promise<unknown>;
  /** Takes a notification of the other side. */
  readonly told: (method: string, params: unknown) => void;
  /** Told once what the other side did against the protocol; nothing more is taken from it, and all that waits for it has failed. */
  readonly broken: (reason: string) => void;
  /** True once as many requests of the other side wait as are allowed, false when one is through: the reader is paused in between. */
  readonly busy?: (busy: boolean) => void;
  /** Requests of the other side at once. Default 64. */
  readonly most?: number;
}

/** One end of a connection that speaks JSON-RPC 2.0 in lines. */
export interface JsonRpcPeer {
  /** @returns the request's id, and its answer; rejects with `peer-refused` and the other side's words, or `peer-gone` */
  readonly ask: (method: string, params: unknown) => { readonly id: number; readonly answer: Promise<unknown> };
  /** @throws message-too-long */
  readonly tell: (method: string, params: unknown) => void;
  readonly receive: (piece: Uint8Array) => void;
  /** Fails all that waits for an answer. */
  readonly close: (reason: string) => void;
}

export function createJsonRpcPeer({ send, answer, told, broken, busy, most = 64 }: JsonRpcOptions): JsonRpcPeer {
  const cutter = createLineCutter(messageLimit);
  const asked = new Map<number, PromiseWithResolvers<unknown>>();
  const answering = new Set<MessageId>();
  let last = 0;
  let closed: string | undefined;

  const close = (reason: string): void => {
    if (closed !== undefined) return;
    closed = reason;
    for (const { reject } of asked.values()) reject(sdkErrors["peer-gone"]({ reason }));
    asked.clear();
  };
  const refuse = (reason: string): void => {
    if (closed !== undefined) return;
    close(reason);
    broken(reason);
  };
  const write = (message: object): void => {
    const line = `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
    const bytes = Buffer.byteLength(line);
    if (bytes > messageLimit) throw sdkErrors["message-too-long"]({ bytes, limit: messageLimit });
    if (closed === undefined) send(line);
  };
  const respond = async (method: string, params: unknown, id: MessageId): Promise<void> => {
    answering.add(id);
    if (answering.size === most) busy?.(true);
    try {
      write({ id, result: (await answer(method, params, id)) ?? {} });
    } catch (error) {
      write({ id, error: { code: -32_000, message: wordsOf(error).slice(0, 65_536) } });
    } finally {
      answering.delete(id);
      if (answering.size === most - 1) busy?.(false);
    }
  };
  const take = (message: Message): void => {
    if ("method" in message) {
      const { method, params, id } = message;
      if (id === undefined) told(method, params);
      else if (answering.has(id)) refuse(`it asked twice with the id ${JSON.stringify(id)}`);
      else void respond(method, params, id);
      return;
    }
    const waiting = typeof message.id === "number" ? asked.get(message.id) : undefined;
    if (typeof message.id === "number") asked.delete(message.id);
    if (waiting === undefined) refuse(`it answered the request ${JSON.stringify(message.id)}, which nobody waits for`);
    else if ("error" in message) waiting.reject(sdkErrors["peer-refused"]({ reason: message.error.message }));
    else waiting.resolve(message.result);
  };
  return {
    ask: (method, params) => {
      last += 1;
      const id = last;
      const waiting = Promise.withResolvers<unknown>();
      if (closed !== undefined) waiting.reject(sdkErrors["peer-gone"]({ reason: closed }));
      else {
        asked.set(id, waiting);
        try {
          write({ id, method, params });
        } catch (error) {
          asked.delete(id);
          waiting.reject(error);
        }
      }
      return { id, answer: waiting.promise };
    },
    tell: (method, params) => write({ method, params }),
    receive: (piece) => {
      if (closed !== undefined) return;
      const lines = cutter.push(piece);
      if (lines === undefined) return refuse(`it wrote a line of more than ${messageLimit} bytes`);
      for (const line of lines) {
        if (closed !== undefined || line.length === 0) continue;
        const message = parsed(line);
        if (isMessage(message)) take(message);
        else refuse(`it wrote what is no message of the protocol: ${beginning(line)}`);
      }
    },
    close,
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parsed(line: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(line));
  } catch {
    return undefined;
  }
}

/** Enough of a line to be known again by its author. */
function beginning(line: Uint8Array): string {
  const text = Buffer.from(line.subarray(0, 120)).toString("utf8");
  return `${JSON.stringify(text)}${line.length > 120 ? "..." : ""}`;
}

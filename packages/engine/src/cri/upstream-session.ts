import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";

export interface UpstreamSession {
  /** The session that is there, or a new one; calls on it wait until it is connected. */
  readonly get: () => ClientHttp2Session;
  readonly close: () => void;
}

/** Megabytes; a node tells its whole state in one message. */
export const sessionMemory = 256;
const streamWindow = 1024 * 1024;

/** One HTTP/2 connection to a unix socket, made when it is needed and again when it was lost. */
export function createUpstreamSession(path: string): UpstreamSession {
  let session: ClientHttp2Session | undefined;
  const get = (): ClientHttp2Session => {
    if (session !== undefined && !session.destroyed && !session.closed) return session;
    const made = connectHttp2("http://localhost", {
      createConnection: () => connect(path),
      maxSessionMemory: sessionMemory,
      settings: { initialWindowSize: streamWindow, enablePush: false },
    });
    // Calls learn of it by themselves.
    made.on("error", () => undefined);
    made.once("connect", () => made.setLocalWindowSize(16 * streamWindow));
    made.on("goaway", () => {
      if (session === made) session = undefined;
    });
    made.unref();
    session = made;
    return made;
  };
  return { get, close: () => session?.destroy() };
}

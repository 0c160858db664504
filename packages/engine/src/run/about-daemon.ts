import type { Call } from "../hooks/dispatcher.ts";

/** A call that no request made. */
export function aboutDaemon(requestId = "daemon"): Call {
  return { requestId, client: null, apiVersion: null, signal: new AbortController().signal };
}

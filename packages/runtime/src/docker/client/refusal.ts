import { isOutriggerError, type OutriggerError } from "@outrigger/plugin";
import { runtimeErrors } from "../../errors.ts";

/** The error of a connection that failed or broke. */
export function unreachable(endpoint: string, cause: NodeJS.ErrnoException): OutriggerError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "the socket does not exist",
    ECONNREFUSED: "nothing listens there",
    EACCES: "this user may not use the socket",
    ECONNRESET: "the connection broke",
    EPIPE: "the connection broke",
  };
  const reason = reasons[cause.code ?? ""] ?? cause.message;
  return runtimeErrors["engine-unreachable"]({ socket: endpoint, reason }, { cause });
}

/** The error of an answer with a status of 400 or more. */
export function refusal(request: string, status: number, body: string): OutriggerError {
  const reason = messageOf(body);
  if (isDiskFull(reason)) return runtimeErrors["image-disk-full"]({ reason });
  const port = takenPort(reason);
  if (port !== undefined) return runtimeErrors["port-taken"]({ address: port, by: "something else on this machine" });
  const image = /no such image: (\S+)/i.exec(reason)?.[1];
  if (status === 404 && image !== undefined) return runtimeErrors["image-missing"]({ image, reason: "the engine does not have it" });
  if (status === 404) return runtimeErrors["not-found"]({ reason });
  const name = /name "?\/?([^"\s]+)"? is already in use/i.exec(reason)?.[1];
  if (status === 409 && name !== undefined) return runtimeErrors["name-taken"]({ what: "container", name, by: "someone else" });
  if (/oci runtime|minimum memory|invalid (mount|reference|header|containerport|user)|starting container process/i.test(reason))
    return runtimeErrors["container-refused"]({ reason: shortRuntimeReason(reason) });
  return runtimeErrors["engine-refused"]({ request: request.replace(/\?.*/, ""), status, reason });
}

/** Is this one of this package's (or another's) coded errors with this code? */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return isOutriggerError(error) && codes.includes(error.code);
}

/** Awaits, and takes "there is no such thing" for undefined. */
export async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (hasCode(error, "not-found", "image-missing")) return undefined;
    throw error;
  }
}

/** The failure's code; `failed` where it has none. */
export function codeOf(error: unknown): string {
  return isOutriggerError(error) ? error.code : "failed";
}

/** A failure in words, without a stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The engine's disk, as every layer of it words the failure. */
export function isDiskFull(reason: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(reason);
}

function messageOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed) return String(parsed.message).trim();
  } catch {
    // Some answers are plain text.
  }
  return body === "" ? "no reason given" : body;
}

function takenPort(reason: string): string | undefined {
  if (!/port is already allocated|address already in use/i.test(reason)) return undefined;
  return /(?:Bind for|listen (?:tcp|udp)\d?) (\S+:\d+)/i.exec(reason)?.[1] ?? "a published port";
}

/** runc wraps a reason several times over; the last clause is the one that helps. */
function shortRuntimeReason(reason: string): string {
  const inner = /(exec: .*|error mounting .*|minimum memory .*|chdir to cwd .*|unable to find user .*)$/i.exec(reason)?.[1] ?? reason;
  return inner.replace(/: unknown$/, "").trim();
}

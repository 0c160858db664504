import type { KubernetesRequest } from "./kubernetes-client.ts";

/** Parts of an object that do more than their method says: GET of a pod's `exec` runs a program, of a node's `proxy` reaches its kubelet. */
const reaching: ReadonlySet<string> = new Set(["proxy", "exec", "attach", "portforward"]);

/** What may be read, by the path's first part; `/logs` and `/debug`, among others, give files of the master. */
const readable: ReadonlySet<string> = new Set(["api", "apis", "healthz", "livez", "metrics", "openapi", "readyz", "version"]);

/**
 * Why a request is none that only reads, in words; undefined for one that does. Reads are GET of anything but secrets and what reaches beyond the API.
 * Paths are looked at as the API server reads them: with percent-codes taken as what they stand for.
 */
export function beyondReading({ method, path }: KubernetesRequest): string | undefined {
  if (method !== "GET") return `${method} changes the cluster`;
  const [, kind = "", ...rest] = segmentsOf(path);
  if (!readable.has(kind)) return "it is none of the API's objects";
  const [first, ...others] = kind === "apis" ? rest.slice(2) : rest.slice(1);
  const afterWatch = first === "watch" ? others : [first, ...others];
  const [resource, , ...parts] = afterWatch[0] === "namespaces" && afterWatch.length > 2 ? afterWatch.slice(2) : afterWatch;
  if (resource === "secrets") return "it reads secrets";
  if (resource === "proxy") return "it goes beyond the API (proxy)";
  const part = parts.find((each) => each !== undefined && reaching.has(each));
  return part === undefined ? undefined : `it goes beyond the API (${part})`;
}

/** What is wrong with a request that no privilege makes right; undefined for a sound one. */
export function requestFault({ method, path, body }: KubernetesRequest): string | undefined {
  if (!path.startsWith("/")) return "its path does not begin with /";
  if (/[\s#\\]|[^\x20-\x7e]/.test(path)) return "its path holds a character that has to be percent-encoded";
  const [place = "", query = ""] = path.split("?", 2);
  if (path.split("?").length > 2) return "its path holds a second ?";
  try {
    const odd = segmentsOf(place).some(
      (segment, index) => segment === "." || segment === ".." || /[/\\\0]/.test(segment) || (index > 0 && segment === ""),
    );
    if (odd) return "its path has an empty part, or one that leads elsewhere";
  } catch {
    return "its path has a broken percent-code";
  }
  const words = new URLSearchParams(query);
  const endless = ["watch", "follow"].find((word) => words.has(word) && !/^(0|false)$/i.test(words.get(word) ?? ""));
  if (endless !== undefined || segmentsOf(place)[3] === "watch") return `its answer has no end (${endless ?? "watch"})`;
  return method === "GET" && body !== undefined ? "a GET has no body" : undefined;
}

/** `/api/v1/nodes` -> `["", "api", "v1", "nodes"]`; a slash at the end counts for nothing. */
function segmentsOf(path: string): readonly string[] {
  const place = path.split("?", 1)[0] ?? "";
  return place
    .replace(/(?<=.)\/$/, "")
    .split("/")
    .map((segment) => decodeURIComponent(segment));
}

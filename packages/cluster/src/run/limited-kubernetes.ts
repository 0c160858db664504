import type { ClusterPrivilege } from "@outrigger/plugin";
import { type KubernetesClient, type KubernetesRequest, kubernetesClientOver } from "@outrigger/sdk";
import { clusterErrors } from "../errors.ts";

/** Roots of the API that can be read without a secret coming out. */
const readable: ReadonlySet<string> = new Set(["api", "apis", "version", "readyz", "livez", "healthz", "openapi"]);

/** Words in a path that lead to secrets, or by GET into containers and nodes. Whatever has such a name is refused, too: better than finding out too late. */
const unreadable: ReadonlySet<string> = new Set(["secrets", "proxy", "exec", "attach", "portforward"]);

/**
 * The cluster's API as far as a plug-in's privileges go: everything for `kubernetes:write`, else what {@link isReadOnly} allows.
 * @param client asked when the first request comes
 */
export function limitedKubernetes(
  plugin: string,
  privileges: ReadonlySet<ClusterPrivilege>,
  client: () => Promise<KubernetesClient>,
): KubernetesClient {
  return kubernetesClientOver(async (request) => {
    if (!privileges.has("kubernetes:write") && !isReadOnly(request))
      throw clusterErrors["privilege-missing"]({ plugin, privilege: "kubernetes:write", what: `${request.method} ${request.path}` });
    return (await client()).request(request);
  });
}

/** True for requests that change nothing and give no secret. */
export function isReadOnly({ method, path }: Pick<KubernetesRequest, "method" | "path">): boolean {
  if (method !== "GET" || !path.startsWith("/")) return false;
  const [place = ""] = path.split(/[?#]/);
  const words = place.slice(1).split("/").map(plainWord);
  // An API server cleans paths before it looks at them, so what it would clean can't be judged here.
  if (words.some((word) => word === undefined || word === "" || word === "." || word === "..")) return false;
  return readable.has(words[0] ?? "") && !words.some((word) => unreadable.has(word ?? ""));
}

/** A part of a path without its percent signs; undefined where that gives more than one part. */
function plainWord(word: string): string | undefined {
  try {
    const plain = decodeURIComponent(word);
    return /[/\\%]/.test(plain) ? undefined : plain.toLowerCase();
  } catch {
    return undefined;
  }
}

import { holdsAll, parseSelector, wordsOf } from "@outrigger/plugin";
import { sameValue } from "../../engine/field-diff.ts";
import { isObject } from "../../json/is-object.ts";
import type { ClusterHost } from "../cluster-context.ts";
import type { KubernetesAnswer, KubernetesClient, KubernetesNode, KubernetesRequest } from "../kubernetes-client.ts";
import { kubernetesClientOver } from "../kubernetes-over.ts";
import { applyPatch } from "./apply-patch.ts";

/** Nodes in memory, behind the part of the Kubernetes API that reads and patches them. Everything else is not found. */
export interface FakeKubernetes {
  readonly client: KubernetesClient;
  /** As they are now. */
  readonly nodes: () => readonly KubernetesNode[];
  /** Every request, in order. */
  readonly requests: readonly KubernetesRequest[];
}

/** A node to begin with; what is absent is as a kubelet sets it. */
export interface FakeNode {
  readonly name: string;
  /** InternalIP. */
  readonly ip?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: boolean;
}

/** @param nodes how many, hosts, or descriptions; hosts get the names node-1, node-2 ... */
export function fakeKubernetes(nodes: number | readonly (FakeNode | ClusterHost)[] = 1): FakeKubernetes {
  const described = typeof nodes === "number" ? Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` })) : nodes;
  const store = new Map(described.map((node, index) => nodeOf(node, index)).map((node) => [node.metadata.name, node]));
  const requests: KubernetesRequest[] = [];
  let revision = store.size;
  const patch = (name: string, { patch: kind, body }: KubernetesRequest, status: boolean): KubernetesAnswer => {
    const old = store.get(name);
    if (old === undefined) return failure(404, "NotFound", `nodes "${name}" not found`);
    const wanted = isObject(body) && isObject(body["metadata"]) ? body["metadata"]["resourceVersion"] : undefined;
    if (wanted !== undefined && wanted !== old.metadata.resourceVersion) {
      return failure(409, "Conflict", `Operation cannot be fulfilled on nodes "${name}": the object has been modified`);
    }
    const patched = applyPatch(old, kind, body) as KubernetesNode;
    if (patched.metadata?.name !== name) return failure(422, "Invalid", `Node "${name}" is invalid: metadata.name: field is immutable`);
    const next = status ? { ...old, status: patched.status } : { ...patched, status: old.status };
    if (sameValue(old, next)) return { status: 200, body: old };
    revision += 1;
    const stored = { ...next, metadata: { ...next.metadata, resourceVersion: String(revision) } };
    store.set(name, stored);
    return { status: 200, body: stored };
  };
  const answer = (request: KubernetesRequest): KubernetesAnswer => {
    const [place = "", query = ""] = request.path.split("?", 2);
    const [, name, part] = /^\/api\/v1\/nodes(?:\/([^/]+)(\/status)?)?$/.exec(place)?.map((each) => each && decodeURIComponent(each)) ?? [];
    if (place === "/version" && request.method === "GET") return { status: 200, body: { major: "1", minor: "20", gitVersion: "v1.20.0" } };
    if (place === "/api/v1/nodes" && request.method === "GET") return list([...store.values()], new URLSearchParams(query), revision);
    if (name === undefined) return failure(404, "NotFound", "the server could not find the requested resource");
    const node = store.get(name);
    if (request.method === "PATCH") return patch(name, request, part !== undefined);
    if (node === undefined) return failure(404, "NotFound", `nodes "${name}" not found`);
    if (request.method === "GET") return { status: 200, body: node };
    return failure(405, "MethodNotAllowed", "fakeKubernetes reads and patches nodes, and does nothing else");
  };
  const client = kubernetesClientOver(async (request) => {
    requests.push(structuredClone(request));
    try {
      return structuredClone(answer(request));
    } catch (error) {
      return failure(422, "Invalid", wordsOf(error));
    }
  });
  return { client, nodes: () => structuredClone([...store.values()]), requests };
}

function nodeOf(given: FakeNode | ClusterHost, index: number): KubernetesNode {
  const name = "name" in given ? given.name : `node-${index + 1}`;
  const ready = "roles" in given || given.ready !== false;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, ...given.labels },
      resourceVersion: String(index + 1),
      uid: `node-${index}`,
    },
    spec: {},
    status: {
      addresses: [...(given.ip === undefined ? [] : [{ type: "InternalIP", address: given.ip }]), { type: "Hostname", address: name }],
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

function list(nodes: readonly KubernetesNode[], query: URLSearchParams, revision: number): KubernetesAnswer {
  const selector = query.get("labelSelector") ?? "";
  const parsed = selector.trim() === "" ? { terms: [] } : parseSelector(selector);
  if ("problem" in parsed) return failure(400, "BadRequest", "unable to parse requirement: the label selector is not valid");
  const found = nodes.filter(({ metadata }) => holdsAll(parsed.terms, metadata.labels ?? {}));
  const from = Number(query.get("continue") ?? 0);
  const to = query.has("limit") ? from + Number(query.get("limit")) : found.length;
  const more = to < found.length ? { continue: String(to) } : {};
  return {
    status: 200,
    body: { kind: "NodeList", apiVersion: "v1", metadata: { resourceVersion: String(revision), ...more }, items: found.slice(from, to) },
  };
}

function failure(code: number, reason: string, message: string): KubernetesAnswer {
  return { status: code, body: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message } };
}

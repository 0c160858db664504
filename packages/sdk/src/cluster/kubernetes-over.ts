import { isIPv6, SocketAddress } from "node:net";
import { sdkErrors } from "../errors.ts";
import { isObject } from "../json/is-object.ts";
import type { KubernetesAnswer, KubernetesClient, KubernetesNode, KubernetesObject, KubernetesRequest } from "./kubernetes-client.ts";

/** Objects asked for at once; the size of page that kubectl asks for. */
const pageSize = 500;

/**
 * A client over anything that carries single requests: a connection to the API, or a plug-in's runner.
 *
 * @param ask sends one request; rejects only where there is no answer
 */
export function kubernetesClientOver(ask: (request: KubernetesRequest) => Promise<KubernetesAnswer>): KubernetesClient {
  const must = async (request: KubernetesRequest): Promise<unknown> => {
    const answer = await ask(request);
    if (answer.status < 200 || answer.status > 299) throw refusalOf(request, answer);
    return answer.body;
  };
  const object = async (request: KubernetesRequest): Promise<KubernetesObject> => {
    const body = await must(request);
    if (!isObject(body)) throw unclear(request, "no JSON object");
    return body as KubernetesObject;
  };
  const list: KubernetesClient["list"] = async (path, selector) => {
    const items: KubernetesObject[] = [];
    let paged = true;
    for (let next = ""; ; ) {
      const request: KubernetesRequest = { method: "GET", path: pagePath(path, selector, paged, next) };
      const answer = await ask(request);
      // The token of a page is good for some minutes only: then the whole is asked for again, at once.
      if (answer.status === 410 && next !== "") {
        [paged, next] = [false, ""];
        items.length = 0;
        continue;
      }
      if (answer.status !== 200) throw refusalOf(request, answer);
      const page = isObject(answer.body) ? answer.body["items"] : undefined;
      if (!Array.isArray(page)) throw unclear(request, "no list");
      items.push(...(page as KubernetesObject[]));
      next = continueOf(answer.body);
      if (next === "") return items;
    }
  };
  const listNodes: KubernetesClient["listNodes"] = async (selector) => (await list("/api/v1/nodes", selector)) as readonly KubernetesNode[];
  return {
    request: ask,
    list,
    listNodes,
    getNode: async (name) => (await object({ method: "GET", path: `/api/v1/nodes/${encodeURIComponent(name)}` })) as KubernetesNode,
    nodeOf: async (ip) => (await listNodes()).find((node) => internalAddresses(node).includes(canonical(ip))),
    get: (path) => object({ method: "GET", path }),
    find: async (path) => {
      const answer = await ask({ method: "GET", path });
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refusalOf({ method: "GET", path }, answer);
      if (!isObject(answer.body)) throw unclear({ method: "GET", path }, "no JSON object");
      return answer.body as KubernetesObject;
    },
    patch: (path, patch, body) => object({ method: "PATCH", path, patch, body }),
    create: (path, body) => object({ method: "POST", path, body }),
    remove: async (path) => void (await must({ method: "DELETE", path })),
  };
}

/** The node's addresses of type InternalIP. */
export function internalAddresses(node: KubernetesNode): readonly string[] {
  return (node.status?.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => canonical(address));
}

function canonical(ip: string): string {
  return isIPv6(ip) ? new SocketAddress({ address: ip, family: "ipv6" }).address : ip;
}

function pagePath(path: string, selector: string | undefined, paged: boolean, next: string): string {
  const [place = "", query = ""] = path.split("?", 2);
  const words = new URLSearchParams(query);
  if (selector !== undefined) words.set("labelSelector", selector);
  if (paged) words.set("limit", String(pageSize));
  if (next !== "") words.set("continue", next);
  return words.size === 0 ? place : `${place}?${words}`;
}

function continueOf(body: unknown): string {
  const metadata = isObject(body) ? body["metadata"] : undefined;
  const next = isObject(metadata) ? metadata["continue"] : undefined;
  return typeof next === "string" ? next : "";
}

function refusalOf({ method, path }: KubernetesRequest, { status, body }: KubernetesAnswer): Error {
  const told = isObject(body) && typeof body["message"] === "string" ? body["message"] : typeof body === "string" ? body : "";
  const message = told.trim() === "" ? "without a message" : told.trim().slice(0, 2_000);
  return sdkErrors["kubernetes-refused"]({ method, path, status, message });
}

function unclear({ method, path }: KubernetesRequest, found: string): Error {
  return sdkErrors["kubernetes-answer-unclear"]({ method, path, found });
}

import { isComplete, type Protocol } from "./protocol.ts";
import { type ResourceType, typeUrlOf, versionOf } from "./resources.ts";
import { everything, markSent, type Subscription, unsent, wanted } from "./subscription.ts";

/** The fields of `DiscoveryRequest` that are read. */
interface Request {
  readonly resource_names?: readonly string[];
  readonly response_nonce?: string;
  readonly error_detail?: { readonly message?: string };
}

/** State of the world: each request names all that is wanted; an answer about listeners or clusters has all of them, others what has changed. */
export const wholeProtocol: Protocol = {
  requestType: "envoy.service.discovery.v3.DiscoveryRequest",
  responseType: "envoy.service.discovery.v3.DiscoveryResponse",

  take(subscription, message, type) {
    const { resource_names: names = [], response_nonce: nonce = "", error_detail: error } = message as Request;
    // About an answer before the last: the request about the last one is on its way, and names what is wanted then.
    if (nonce !== "" && subscription.nonce !== undefined && nonce !== subscription.nonce) return undefined;
    if (nonce !== "") subscription.awaiting = false;
    subscribe(subscription, new Set(names), type);
    return error === undefined || nonce === "" ? undefined : (error.message ?? "");
  },

  answer(subscription, resources, type, nonce) {
    const mine = wanted(subscription, resources);
    const changed = unsent(subscription, mine);
    const gone = [...subscription.sent.keys()].filter((name) => !mine.has(name));
    for (const name of gone) subscription.sent.delete(name);
    const complete = isComplete(type);
    if (changed.length === 0 && !(complete && (gone.length > 0 || subscription.asked.size > 0))) return undefined;
    markSent(subscription, changed, nonce);
    const told = complete ? [...mine.values()] : changed;
    return { version_info: versionOf(mine), type_url: typeUrlOf(type), nonce, resources: told.map(({ any }) => any) };
  },
};

function subscribe(subscription: Subscription, names: ReadonlySet<string>, type: ResourceType): void {
  // Who never named anything wants everything; who did, and now names nothing, wants nothing.
  subscription.named ||= names.size > 0;
  const wildcard = names.has(everything) || (!subscription.named && isComplete(type));
  if (wildcard && !subscription.wildcard) subscription.asked.add(everything);
  subscription.wildcard = wildcard;
  for (const name of subscription.names) {
    if (names.has(name)) continue;
    subscription.names.delete(name);
    if (!wildcard) subscription.sent.delete(name);
  }
  for (const name of names) {
    if (name === everything || subscription.names.has(name)) continue;
    subscription.names.add(name);
    subscription.asked.add(name);
  }
}

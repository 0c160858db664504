import { isComplete, type Protocol } from "./protocol.ts";
import { typeUrlOf, versionOf } from "./resources.ts";
import { everything, markSent, type Subscription, unsent, wanted } from "./subscription.ts";

/** The fields of `DeltaDiscoveryRequest` that are read. */
interface Request {
  readonly resource_names_subscribe?: readonly string[];
  readonly resource_names_unsubscribe?: readonly string[];
  readonly initial_resource_versions?: Readonly<Record<string, string>>;
  readonly response_nonce?: string;
  readonly error_detail?: { readonly message?: string };
}

/** Incremental: requests name what is wanted more or less, answers have what is new or gone. */
export const deltaProtocol: Protocol = {
  requestType: "envoy.service.discovery.v3.DeltaDiscoveryRequest",
  responseType: "envoy.service.discovery.v3.DeltaDiscoveryResponse",

  take(subscription, message, type) {
    const request = message as Request;
    const { response_nonce: nonce = "", error_detail: error } = request;
    if (nonce !== "" && nonce === subscription.nonce) subscription.awaiting = false;
    const first = !subscription.started;
    subscription.started = true;
    subscribe(subscription, request, first && isComplete(type));
    if (first) for (const [name, version] of Object.entries(request.initial_resource_versions ?? {})) subscription.sent.set(name, version);
    return error === undefined || nonce === "" ? undefined : (error.message ?? "");
  },

  answer(subscription, resources, type, nonce) {
    const mine = wanted(subscription, resources);
    const changed = unsent(subscription, mine);
    const gone = [...subscription.sent.keys()].filter((name) => !mine.has(name));
    // What was asked for and does not exist is told as gone, once.
    const missing = [...subscription.asked].filter((name) => name !== everything && !mine.has(name) && !gone.includes(name));
    if (changed.length + gone.length + missing.length === 0 && !subscription.asked.has(everything)) return undefined;
    for (const name of gone) subscription.sent.delete(name);
    markSent(subscription, changed, nonce);
    return {
      system_version_info: versionOf(mine),
      type_url: typeUrlOf(type),
      nonce,
      resources: changed.map(({ name, version, any }) => ({ name, version, resource: any })),
      removed_resources: [...gone, ...missing],
    };
  },
};

function subscribe(subscription: Subscription, request: Request, mayWantAll: boolean): void {
  const { resource_names_subscribe: more = [], resource_names_unsubscribe: less = [] } = request;
  if (more.includes(everything) || (mayWantAll && more.length === 0)) {
    if (!subscription.wildcard) subscription.asked.add(everything);
    subscription.wildcard = true;
  }
  for (const name of more) {
    if (name === everything) continue;
    subscription.names.add(name);
    subscription.asked.add(name);
    // Who asks again has lost it.
    subscription.sent.delete(name);
  }
  for (const name of less) {
    if (name === everything) subscription.wildcard = false;
    subscription.names.delete(name);
    subscription.asked.delete(name);
    if (!subscription.wildcard) subscription.sent.delete(name);
  }
  if (!subscription.wildcard)
    for (const name of subscription.sent.keys()) if (!subscription.names.has(name)) subscription.sent.delete(name);
}

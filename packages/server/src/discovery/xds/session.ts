import type { Message } from "./messages.ts";
import type { Protocol } from "./protocol.ts";
import { noResources, type ResourceType, resourceTypes, type Snapshot } from "./resources.ts";
import { newSubscription, type Subscription } from "./subscription.ts";

export interface SessionListener {
  readonly send: (response: Message) => void;
  readonly refused: (type: ResourceType, message: string) => void;
}

/** One stream: what it wants, what it has, and what it is sent next. */
export interface Session {
  readonly request: (type: ResourceType, message: Message) => void;
  readonly update: (snapshot: Snapshot) => void;
}

/**
 * At most one answer of each type is on its way. A new snapshot is sent so that nothing ever leads nowhere: clusters and endpoints first; when the
 * client has accepted them (Envoy does when it has the new clusters' endpoints), listeners and routes; and when these are accepted, clusters that
 * are no longer there are taken away.
 */
export function createSession(protocol: Protocol, { send, refused }: SessionListener): Session {
  const subscriptions = new Map<ResourceType, Subscription>();
  let target: Snapshot | undefined;
  let shown = noResources;
  let count = 0;

  /** True: the client has all of this type. */
  const settle = (type: ResourceType): boolean => {
    const subscription = subscriptions.get(type);
    if (subscription === undefined) return true;
    if (subscription.awaiting) return false;
    const response = protocol.answer(subscription, shown[type], type, String(count + 1));
    if (response === undefined) return true;
    count += 1;
    send(response);
    return false;
  };
  const push = (): void => {
    if (target === undefined) return;
    const [clusters, endpoints] = [settle("cluster"), settle("endpoint")];
    if (!clusters || !endpoints) return;
    const [listeners, routes] = [settle("listener"), settle("route")];
    if (!listeners || !routes || shown === target) return;
    shown = target;
    for (const type of resourceTypes) settle(type);
  };

  return {
    request(type, message) {
      const subscription = subscriptions.get(type) ?? newSubscription();
      subscriptions.set(type, subscription);
      const refusal = protocol.take(subscription, message, type);
      if (refusal !== undefined) refused(type, refusal);
      push();
    },
    update(snapshot) {
      shown = {
        ...snapshot,
        cluster: new Map([...shown.cluster, ...snapshot.cluster]),
        endpoint: new Map([...shown.endpoint, ...snapshot.endpoint]),
      };
      target = snapshot;
      push();
    },
  };
}

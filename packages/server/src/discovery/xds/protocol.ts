import type { Message } from "./messages.ts";
import type { Resources, ResourceType } from "./resources.ts";
import type { Subscription } from "./subscription.ts";

/** The client's reason to refuse what it was last sent; undefined: it refused nothing. */
export type Refusal = string | undefined;

/** One of the two ways to speak xDS: state of the world, or incremental. */
export interface Protocol {
  readonly requestType: string;
  readonly responseType: string;
  /** Takes in what a request says about one type. */
  readonly take: (subscription: Subscription, request: Message, type: ResourceType) => Refusal;
  /** What the client lacks of one type, counted as sent from then on; undefined: nothing. */
  readonly answer: (subscription: Subscription, resources: Resources, type: ResourceType, nonce: string) => Message | undefined;
}

/** Only of these a client may want all, and takes those that are missing in an answer as gone. */
export function isComplete(type: ResourceType): boolean {
  return type === "cluster" || type === "listener";
}

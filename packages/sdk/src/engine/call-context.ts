import type { CallFacts, Client, HookContext, Settings } from "./hook-context.ts";
import type { ContainerFacts, Door } from "./hook-inputs.ts";

/** The call behind a context: asked only where a handler asks, since most never read the signal and never warn. */
export interface CallBehind {
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

/** The second argument of a handler. Its fields are written one by one: copying the facts as a whole takes ten times as long. */
export class CallContext implements HookContext {
  readonly requestId: string;
  readonly client: Client | null;
  readonly apiVersion: string | null;
  declare readonly door?: Door;
  declare readonly network?: string;
  declare readonly implicit?: boolean;
  declare readonly container?: ContainerFacts;
  readonly settings: Settings;
  readonly log: HookContext["log"];
  readonly #behind: CallBehind;

  constructor(facts: CallFacts, settings: Settings, log: HookContext["log"], behind: CallBehind) {
    this.requestId = facts.requestId;
    this.client = facts.client;
    this.apiVersion = facts.apiVersion;
    this.settings = settings;
    this.log = log;
    this.#behind = behind;
    if (facts.door !== undefined) this.door = facts.door;
    if (facts.network !== undefined) this.network = facts.network;
    if (facts.implicit !== undefined) this.implicit = facts.implicit;
    if (facts.container !== undefined) this.container = facts.container;
  }

  get signal(): AbortSignal {
    return this.#behind.signal;
  }

  /** A function of its own, since handlers take it out of the context. */
  get warn(): HookContext["warn"] {
    const behind = this.#behind;
    return (message) => behind.warn(String(message));
  }
}

import { createHash } from "node:crypto";
import { type Discovery, type DiscoveryDocument, fillDocument, hasFacts, type PodFact, type SettingSecret } from "@outrigger/pod";
import type { SettingsView } from "../api/resources.ts";

/** A document as it is served. */
export interface Served {
  /** Of the installation's values. */
  readonly revision: number;
  /** Changes with the document, whatever changed it. */
  readonly etag: string;
  readonly document: DiscoveryDocument<string>;
  /** The document's JSON. */
  readonly body: Buffer;
}

/** Where the texts come from that are not in a pod. */
export interface ChannelSources {
  readonly secret: (secret: SettingSecret) => Promise<string>;
  /** A fact of the pod that has this address. */
  readonly fact: (fact: PodFact, address: string) => string;
}

/** What a pod's plug-in was given last. */
export interface Fetched extends Pick<SettingsView, "by" | "revision" | "at"> {
  readonly etag: string;
}

const fetchedKept = 256;

/** One plug-in's live settings on one component, and who waits for them to change. */
export class Channel {
  readonly instance: string;
  readonly #sources: ChannelSources;
  readonly #watchers = new Set<() => void>();
  readonly #fetched = new Map<string, Fetched>();
  #wanted: Discovery | undefined;
  #shared: Served | undefined;
  #document: DiscoveryDocument | undefined;

  constructor(instance: string, sources: ChannelSources) {
    this.instance = instance;
    this.#sources = sources;
  }

  /** Serves these settings from now on. Where they can't be filled in, the former ones are served on. */
  async publish(settings: Discovery): Promise<void> {
    this.#wanted = settings;
    const { revision, document } = settings;
    const isSame = JSON.stringify(this.#document) === JSON.stringify(document);
    if (hasFacts(document)) {
      this.#shared = undefined;
      if (!isSame) this.#change(document);
      return;
    }
    // Composed anew for another's sake, as happens often: no secret need be opened again, since another one has another digest.
    if (isSame && this.#shared?.revision === revision) return;
    const served = await this.#fill(document, revision, "");
    // Another publication may have overtaken this one while a secret was opened.
    if (this.#wanted !== settings) return;
    const changed = served.etag !== this.#shared?.etag;
    this.#shared = served;
    if (changed) this.#change(document);
  }

  /** The settings for the pod at this address; undefined while none have been published. */
  async read(address: string): Promise<Served | undefined> {
    if (this.#shared !== undefined) return this.#shared;
    const document = this.#document;
    return document === undefined ? undefined : this.#fill(document, this.#wanted?.revision ?? 0, address);
  }

  /** Calls back after each change, until the returned function is called. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** Remembers what the pod at this address has. */
  note(address: string, by: SettingsView["by"], { revision, etag }: Served): void {
    const known = this.#fetched.get(address);
    if (known?.etag === etag && known.by === by) return;
    this.#fetched.delete(address);
    this.#fetched.set(address, { by, revision, etag, at: new Date().toISOString() });
    const oldest = this.#fetched.keys().next().value;
    if (this.#fetched.size > fetchedKept && oldest !== undefined) this.#fetched.delete(oldest);
  }

  fetchedBy(address: string): Fetched | undefined {
    return this.#fetched.get(address);
  }

  /** Nobody is served any more; who waits learns it at once. */
  close(): void {
    this.#shared = undefined;
    this.#document = undefined;
    for (const wake of [...this.#watchers]) wake();
  }

  #change(document: DiscoveryDocument): void {
    this.#document = document;
    for (const wake of [...this.#watchers]) wake();
  }

  async #fill(document: DiscoveryDocument, revision: number, address: string): Promise<Served> {
    const { secret, fact } = this.#sources;
    const filled = await fillDocument(document, { secret, fact: (name) => fact(name, address) });
    const body = Buffer.from(JSON.stringify(filled));
    return { revision, document: filled, body, etag: createHash("sha256").update(body).digest("base64url").slice(0, 27) };
  }
}

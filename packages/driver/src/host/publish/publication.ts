import type { Server } from "node:http";
import type { Graves } from "./graves.ts";
import { listenUnix, refuseTaken, type Unlisten } from "./listen.ts";

/** A driver's sockets where engines look for plug-ins. */
export class Publication {
  readonly #graves: Graves;
  #open: ReadonlyMap<string, Unlisten> = new Map();

  constructor(graves: Graves) {
    this.#graves = graves;
  }

  /** @throws socket-taken where somebody else listens at one of the paths */
  async requireFree(paths: readonly string[]): Promise<void> {
    for (const path of paths) if (!this.#open.has(path) && !this.#graves.has(path)) await refuseTaken(path);
  }

  /** Listens at all of the paths, or at none. @throws socket-taken */
  async open(paths: readonly string[], createServer: () => Server): Promise<void> {
    if (this.#open.size > 0) return;
    const opened = new Map<string, Unlisten>();
    try {
      for (const path of paths) {
        this.#graves.clear(path);
        opened.set(path, await listenUnix(createServer(), path));
      }
    } catch (error) {
      for (const unlisten of opened.values()) unlisten();
      throw error;
    }
    this.#open = opened;
  }

  close(): void {
    for (const unlisten of this.#open.values()) unlisten();
    this.#open = new Map();
  }

  /** Leaves the sockets to the graves: whoever has met the driver gets an answer there. */
  bury(): void {
    for (const [path, unlisten] of this.#open) this.#graves.add(path, unlisten);
    this.#open = new Map();
  }
}

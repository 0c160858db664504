import type { Unlisten } from "./listen.ts";

/**
 * Sockets of drivers that were removed, by their paths. An engine never forgets a volume driver that it has used, and each command that lists volumes waits 15 s
 * for one without a socket; so while the host runs, theirs go on answering that they are gone.
 */
export class Graves {
  readonly #sockets = new Map<string, Unlisten>();

  has(path: string): boolean {
    return this.#sockets.has(path);
  }

  add(path: string, unlisten: Unlisten): void {
    this.#sockets.set(path, unlisten);
  }

  /** Makes room for another driver of the name. */
  clear(path: string): void {
    this.#sockets.get(path)?.();
    this.#sockets.delete(path);
  }

  close(): void {
    for (const path of [...this.#sockets.keys()]) this.clear(path);
  }
}

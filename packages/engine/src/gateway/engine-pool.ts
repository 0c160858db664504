import { EngineConnection } from "./engine-connection.ts";
import type { Upstream } from "./upstream.ts";

const mostIdle = 32;

/**
 * The gateway's connections to the engine. Only requests without a body that may be repeated (GET, HEAD) use kept ones, and only after answers
 * to requests without a body are they kept: so one request's bytes never become another's.
 */
export class EnginePool {
  readonly upstream: Upstream;
  readonly #idle: EngineConnection[] = [];
  readonly #all = new Set<EngineConnection>();
  readonly #forget = (connection: EngineConnection): void => {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  };

  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  take(mayBeKept: boolean): EngineConnection {
    const kept = mayBeKept ? this.#idle.pop() : undefined;
    if (kept !== undefined) return kept;
    const connection = new EngineConnection(this.upstream, this.#forget);
    this.#all.add(connection);
    return connection;
  }

  /** Keeps it for another request, or closes it. */
  giveBack(connection: EngineConnection, hadBody: boolean): void {
    if (hadBody || !connection.isClean || this.#idle.length >= mostIdle) return void connection.destroy();
    connection.resume();
    this.#idle.push(connection);
  }

  close(): void {
    for (const connection of [...this.#all]) connection.destroy();
  }
}

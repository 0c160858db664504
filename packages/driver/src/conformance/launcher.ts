/** A driver that the tool has started. */
export interface RunningDriver {
  /** Where it listens, or will: as `readAddress` reads it. */
  readonly address: string;
  /** When it was started, by `performance.now()`. */
  readonly startedAt: number;
  /** Asks it to end as an engine does: SIGTERM, after 10 s SIGKILL. Gives how long it took, in milliseconds. */
  readonly stop: () => Promise<number>;
  /** SIGKILL, and waits until it is gone. */
  readonly kill: () => Promise<void>;
  /** How it ended by itself, e.g. `exit code 1`; undefined while it runs. */
  readonly ended: () => string | undefined;
  /** A path that the driver answers, as this machine knows it. */
  readonly outside: (path: string) => string;
}

/** Starts a driver, again and again with the same state: a program, or a package in a host. */
export interface DriverLauncher {
  /** For the report. */
  readonly name: string;
  /** Gives back at once; the socket may come later. */
  readonly start: () => Promise<RunningDriver>;
  /** Ends what runs, by force, and removes what was made to run it. */
  readonly close: () => Promise<void>;
}

import type { Logger } from "./logger.ts";

/**
 * Ends the process at SIGTERM and SIGINT. As PID 1, which a plug-in is, a process that handles no signal ignores them,
 * and engines wait 10 s before they kill. A second signal ends it at once.
 */
export function endOnSignals(close: () => Promise<void>, log: Logger): void {
  let signals = 0;
  const end = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(1);
    log.info("stopping", { signal });
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", end).on("SIGINT", end);
  process.on("unhandledRejection", (reason) => log.error("a promise was rejected and nobody handles it", { error: describe(reason) }));
  process.on("uncaughtException", (error) => {
    log.error("the driver failed", { error: describe(error) });
    const exit = (): void => process.exit(1);
    close().then(exit, exit);
  });
}

function describe(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

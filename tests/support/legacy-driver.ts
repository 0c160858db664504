import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import type { TestContext } from "node:test";
import { type Drivers, pluginsFolder, serveDriver } from "@outrigger/sdk/driver";
import { atEnd } from "./container.ts";

export interface LegacyDriver {
  /** By which the engine knows it. */
  readonly name: string;
  /** Every line that the driver has logged. */
  readonly logged: readonly string[];
}

/**
 * Serves drivers as Docker's legacy plug-ins are, under a name of the test's own; `folder` is that of an engine of its own.
 * A socket that stays behind would delay every operation on volumes by 15 s, so it goes however the test ends.
 * Volume drivers are not for the engine that everyone uses: it keeps asking those that have gone until it is started anew, 15 s each time.
 */
export async function legacyDriver(context: TestContext, drivers: Drivers, folder: string = pluginsFolder): Promise<LegacyDriver> {
  const name = `outrigger-test-${randomBytes(4).toString("hex")}`;
  const socket = `${folder}/${name}.sock`;
  const remove = (): void => rmSync(socket, { force: true });
  process.on("exit", remove);
  const logged: string[] = [];
  const line = (message: string): void => void logged.push(message);
  const log = { debug: line, info: line, warn: line, error: line, with: () => log };
  const server = await serveDriver(drivers, { socket, log, ownsProcess: false });
  atEnd(context, async () => {
    await server.close();
    remove();
    process.off("exit", remove);
  });
  return { name, logged };
}

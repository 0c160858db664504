import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { createDispatch } from "../dispatch.ts";
import type { Drivers } from "../interfaces/drivers.ts";
import { createLogger, type Logger } from "../logger.ts";
import { serveDriver } from "../serve-driver.ts";
import { servedInterfaces, servedMethods } from "../wire/methods.ts";
import { createDriverKit, type DriverKit } from "./driver-kit.ts";
import { socketCaller } from "./engine-call.ts";

export interface DriverTest extends DriverKit {
  /** What the driver has logged, line by line. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  /** Ends the driver as SIGTERM does. */
  readonly close: () => Promise<void>;
}

export interface DriverTestOptions {
  /** `process` (default): without a socket, through all that a call passes but HTTP. `socket`: over a unix socket of its own. */
  readonly over?: "process" | "socket";
  /** Milliseconds for a call. */
  readonly limit?: number;
}

/**
 * Serves drivers to a test.
 *
 * @example
 * const kit = await testDriver({ volume: myVolumes });
 * const { error } = await kit.call("VolumeDriver.Create", { Name: "data", Opts: null });
 * await kit.close();
 */
export async function testDriver(drivers: Drivers, { over = "process", limit = 59_000 }: DriverTestOptions = {}): Promise<DriverTest> {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const log = createLogger("debug", (_, line) => void logged.push(JSON.parse(line) as Readonly<Record<string, unknown>>));
  const { kit, close } = over === "socket" ? await overSocket(drivers, log, limit) : inProcess(drivers, log, limit);
  return { ...kit, logged, close };
}

interface Served {
  readonly kit: DriverKit;
  readonly close: () => Promise<void>;
}

function inProcess(drivers: Drivers, log: Logger, limit: number): Served {
  const interfaces = servedInterfaces(drivers);
  const stop = new AbortController();
  const dispatch = createDispatch(servedMethods(interfaces), { log, debug: true, limit, stopped: stop.signal });
  const kit = createDriverKit(async (method, body) => {
    const answer = await dispatch(method, body, new AbortController());
    const bytes = typeof answer.body === "string" ? Buffer.from(answer.body) : await buffer(answer.body);
    return { status: answer.status, body: bytes };
  });
  const close = async (): Promise<void> => {
    for (const { close: end } of interfaces) await end?.();
    stop.abort();
  };
  return { kit, close };
}

async function overSocket(drivers: Drivers, log: Logger, limit: number): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "driver-kit-"));
  const socket = join(folder, "driver.sock");
  const server = await serveDriver(drivers, { socket, log, limit, ownsProcess: false });
  const caller = socketCaller(socket);
  const close = async (): Promise<void> => {
    caller.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { kit: createDriverKit(caller.call), close };
}

import { isAbsolute } from "node:path";
import { createDispatch } from "./dispatch.ts";
import { endOnSignals } from "./end-on-signals.ts";
import { driverSdkErrors } from "./errors.ts";
import type { Drivers } from "./interfaces/drivers.ts";
import { createLogger, type Logger, logLevel } from "./logger.ts";
import { RunningCalls } from "./running-calls.ts";
import { httpTransport } from "./transport/http.ts";
import { listenAt, listenAtInherited } from "./transport/listen.ts";
import { servedInterfaces, servedMethods } from "./wire/methods.ts";

export interface ServeOptions {
  /** The driver's name: without `socket`, it listens at /run/docker/plugins/NAME.sock. */
  readonly name?: string;
  /** A path, or a file's name in /run/docker/plugins. Default: the variable OUTRIGGER_DRIVER_SOCKET, then what `name` says. */
  readonly socket?: string;
  /** Milliseconds for a call; creating and mounting a volume have 119 s whatever it is. Default: 59,000. */
  readonly limit?: number;
  /** Milliseconds that running calls have when the driver stops. Default: 8,000; engines kill after 10,000. */
  readonly grace?: number;
  /** Bytes of a request's body. Default: 16 MiB. */
  readonly bodyLimit?: number;
  /** Default: JSON lines at the level that LOG_LEVEL says. */
  readonly log?: Logger;
  /** Whether SIGTERM and SIGINT stop the driver and end the process, and failures that nobody handles are logged. Default: true. */
  readonly ownsProcess?: boolean;
}

export interface DriverServer {
  /** Absent where systemd gave the socket. */
  readonly socket?: string;
  /** As Plugin.Activate names them. */
  readonly implements: readonly string[];
  /** Takes no more calls, lets those that run end, closes the drivers. */
  readonly close: () => Promise<void>;
}

/** Where engines look for sockets of plug-ins, and where they expect a managed plug-in's. */
export const pluginsFolder = "/run/docker/plugins";

/**
 * Serves drivers on a unix socket; resolves once it listens.
 *
 * @throws `driver-interface-missing`, `driver-socket-unnamed`, `driver-socket-taken`
 * @example
 * await serveDriver({ volume: myVolumes }, { name: "my-volumes" });
 */
export async function serveDriver(drivers: Drivers, options: ServeOptions = {}): Promise<DriverServer> {
  const level = logLevel();
  const log = options.log ?? createLogger(level);
  const interfaces = servedInterfaces(drivers);
  const stop = new AbortController();
  const { limit = 59_000, grace = 8_000, bodyLimit = 16 * 1024 * 1024, ownsProcess = true } = options;
  const running = new RunningCalls();
  const dispatch = createDispatch(servedMethods(interfaces), { log, debug: level === "debug", limit, stopped: stop.signal });
  const server = httpTransport({ dispatch: running.counted(dispatch), bodyLimit });
  const socket = (await listenAtInherited(server)) ? undefined : socketOf(options);
  if (socket !== undefined) await listenAt(server, socket);

  const end = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    const over = setTimeout(() => stop.abort(), grace);
    await Promise.race([running.idle(), aborted(stop.signal)]);
    clearTimeout(over);
    for (const { name, close } of interfaces) {
      try {
        await close?.();
      } catch (error) {
        log.error(`closing ${name} failed`, { error: String(error) });
      }
    }
    stop.abort();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 100).unref();
    await closed;
  };
  let ending: Promise<void> | undefined;
  const close = (): Promise<void> => {
    ending ??= end();
    return ending;
  };
  if (ownsProcess) endOnSignals(close, log);
  const names = interfaces.map(({ name }) => name);
  log.info("serving", { implements: names, ...(socket === undefined ? {} : { socket }) });
  return { ...(socket === undefined ? {} : { socket }), implements: names, close };
}

function socketOf({ socket = process.env["OUTRIGGER_DRIVER_SOCKET"], name }: ServeOptions): string {
  const place = socket ?? (name === undefined ? undefined : `${name}.sock`);
  if (place === undefined || place === "") throw driverSdkErrors["driver-socket-unnamed"]({});
  return isAbsolute(place) ? place : `${pluginsFolder}/${place}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

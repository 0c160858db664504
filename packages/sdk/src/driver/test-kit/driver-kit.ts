import { FrameDecoder } from "../log/frames.ts";
import type { LogEntry } from "../log/log-entry.ts";
import { isObject } from "../wire/fields.ts";
import { bodyOf, type RawCall } from "./engine-call.ts";
import { type LogPipe, openLogPipe } from "./log-pipe.ts";

/** What became of a call. */
export interface CallAnswer {
  readonly status: number;
  /** The JSON that came back; empty where it was none. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** The error that an engine makes of it; absent: it takes the call for done. */
  readonly error?: string;
}

/** A log's owner as engines tell it, or parts of it. */
export type WireLogInfo = Readonly<Record<string, unknown>>;

/** Calls a driver as engines do. */
export interface DriverKit {
  /**
   * @param method e.g. `VolumeDriver.Create`
   * @param args as they go over the wire, e.g. `{ Name: "data", Opts: null }`; absent: an empty body
   */
  readonly call: (method: string, args?: unknown) => Promise<CallAnswer>;
  /** Starts a container's log: a FIFO, and StartLogging. @throws TypeError where the driver refuses it */
  readonly openLog: (info?: WireLogInfo) => Promise<LogPipe>;
  /** Reads a log whole, as `docker logs` does. */
  readonly readLog: (info?: WireLogInfo, config?: Readonly<Record<string, unknown>>) => Promise<readonly LogEntry[]>;
}

const someContainer: WireLogInfo = {
  Config: {},
  ContainerID: "0".repeat(64),
  ContainerName: "/test",
  ContainerEntrypoint: "sh",
  ContainerArgs: [],
  ContainerImageID: "sha256:0",
  ContainerImageName: "test",
  ContainerCreated: "2026-01-01T00:00:00Z",
  ContainerEnv: null,
  ContainerLabels: {},
  LogPath: "",
  DaemonName: "docker",
};

const wholeLog = { Since: "0001-01-01T00:00:00Z", Until: "0001-01-01T00:00:00Z", Tail: -1, Follow: false };

export function createDriverKit(raw: RawCall): DriverKit {
  const call: DriverKit["call"] = async (method, args) => {
    const { status, body } = await raw(method, bodyOf(args));
    const answer = objectIn(body);
    const error = errorOf(method, status, body, answer);
    return { status, answer, ...(error === undefined ? {} : { error }) };
  };
  return {
    call,
    openLog: (info) => openLogPipe(call, { ...someContainer, ...info }),
    async readLog(info, config) {
      const { status, body } = await raw(
        "LogDriver.ReadLogs",
        bodyOf({ Info: { ...someContainer, ...info }, Config: { ...wholeLog, ...config } }),
      );
      if (status !== 200) throw new TypeError(body.toString("utf8"));
      const decoder = new FrameDecoder();
      const entries = [...decoder.push(body)];
      if (!decoder.whole || (entries.length === 0 && body.length > 0)) throw new TypeError(body.toString("utf8"));
      return entries;
    },
  };
}

function objectIn(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** As moby pkg/plugins `client.go` makes it. IPAM's errors have a key of their own. */
function errorOf(method: string, status: number, body: Buffer, answer: Readonly<Record<string, unknown>>): string | undefined {
  const told = method.startsWith("IpamDriver.") && status === 200 ? answer["Error"] : answer["Err"];
  const words = typeof told === "string" ? told : "";
  if (status !== 200) return `${method}: ${words === "" ? body.toString("utf8") : words}`;
  if (method.startsWith("AuthZPlugin.") && answer["Allow"] !== true) return words || String(answer["Msg"]);
  return words === "" ? undefined : words;
}

import { connect } from "node:net";
import { asRecord } from "@outrigger/plugin";
import type { PluginConfig } from "../../config/plugin-config.ts";
import { capabilitiesOf } from "../run/oci-spec.ts";
import { callDriver, type DriverAnswer } from "./driver-call.ts";

/** Asks a driver whether it is well: undefined if so, else why not, as the end of a sentence. */
export type Probe = (limit: number) => Promise<string | undefined>;

/** A call that changes nothing, for each interface that has one, and what is wrong with its answer. */
const harmless: Readonly<
  Record<string, { readonly method: string; readonly body: unknown; readonly judge: (answer: DriverAnswer) => string | undefined }>
> = {
  volumedriver: { method: "VolumeDriver.Capabilities", body: {}, judge: judgeTolerated },
  networkdriver: { method: "NetworkDriver.GetCapabilities", body: null, judge: judgeNetwork },
  ipamdriver: { method: "IpamDriver.GetCapabilities", body: null, judge: judgeTolerated },
  logdriver: { method: "LogDriver.Capabilities", body: null, judge: judgeTolerated },
};

/** A probe of what a plug-in's interfaces need: that somebody listens, and where there is a harmless call, that it is answered. */
export function probeOf(config: PluginConfig, socket: string): Probe {
  const speaksHttp = ["", "moby.plugins.http/v1"].includes(config.Interface.ProtocolScheme ?? "");
  const calls = speaksHttp ? capabilitiesOf(config.Interface.Types).flatMap((name) => harmless[name] ?? []) : [];
  if (calls.length === 0) return (limit) => connects(socket, limit);
  return async (limit) => {
    for (const { method, body, judge } of calls) {
      const answer = await callDriver(socket, method, body, limit);
      if (typeof answer === "string") return answer;
      const wrong = judge(answer);
      if (wrong !== undefined) return `it answers ${method} with ${wrong}`;
    }
    return undefined;
  };
}

/** Engines take any refusal for "I have the usual capabilities"; only an answer that can't be read is wrong. */
function judgeTolerated({ status, text }: DriverAnswer): string | undefined {
  if (status !== 200) return undefined;
  return readObject(text) === undefined ? "something that is not JSON" : undefined;
}

function judgeNetwork({ status, text }: DriverAnswer): string | undefined {
  if (status !== 200) return `status ${status}`;
  const answer = readObject(text);
  if (answer === undefined) return "something that is not JSON";
  const scope = Object.entries(answer).find(([key]) => key.toLowerCase() === "scope")?.[1];
  return scope === "local" || scope === "global" ? undefined : "no Scope of local or global";
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? asRecord(value) : undefined;
  } catch {
    return undefined;
  }
}

function connects(socket: string, limit: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const settle = (reason: string | undefined): void => {
      clearTimeout(timer);
      connection.destroy();
      resolve(reason);
    };
    const timer = setTimeout(() => settle(`it does not listen within ${limit / 1000} s`), limit);
    connection.once("connect", () => settle(undefined));
    connection.once("error", () => settle("it does not listen"));
  });
}

import { wordsOf } from "@outrigger/plugin";
import { sdkErrors } from "../../errors.ts";
import { isObject } from "../../json/is-object.ts";
import { createJsonRpcPeer, type JsonRpcPeer } from "../../process/json-rpc.ts";
import type { MessageId } from "../../process/json-rpc-message.ts";
import type { ClusterContext, ClusterLogger, ExecOutput } from "../cluster-context.ts";
import type { KubernetesAnswer } from "../kubernetes-client.ts";
import { kubernetesClientOver } from "../kubernetes-over.ts";
import { type CallParams, clusterProtocol, type HelloParams, type HelloResult, type LogParams, type ValidateResult } from "../protocol.ts";
import type { LoadedClusterPlugin } from "./load-cluster-plugin.ts";

/** A cluster plug-in at the far end of the protocol. */
export interface ServedClusterPlugin {
  readonly receive: (piece: Uint8Array) => void;
  /** Sends a line of log, also outside of calls. */
  readonly log: (level: LogParams["level"], text: string) => void;
  /** Aborts all calls. */
  readonly close: () => void;
}

/** Answers the runner for a module. @param broken told when the runner breaks the protocol */
export function serveClusterPlugin(
  { type, plugin }: LoadedClusterPlugin,
  send: (line: string) => void,
  broken: (reason: string) => void,
): ServedClusterPlugin {
  const calls = new Map<MessageId, AbortController>();
  const log: ServedClusterPlugin["log"] = (level, text) => {
    for (const line of text.replace(/\n$/, "").split("\n")) peer.tell("log", { level, text: line } satisfies LogParams);
  };
  const call = async (id: MessageId, method: "run" | "undo", params: CallParams): Promise<object> => {
    const over = new AbortController();
    // That its time is over is told by the runner, too.
    calls.set(id, over);
    try {
      if (plugin[method] === undefined) throw sdkErrors["cluster-method-missing"]({ type, method });
      await plugin[method](contextOf(params, peer, over.signal, loggerOf(log)), params.phase);
      return {};
    } catch (error) {
      if (error instanceof Error && error.stack !== undefined) log("debug", error.stack);
      throw error;
    } finally {
      calls.delete(id);
    }
  };
  const answer = async (method: string, params: unknown, id: MessageId): Promise<unknown> => {
    if (method === "hello") {
      const { protocol } = params as HelloParams;
      if (protocol < 1) throw sdkErrors["protocol-unknown"]({ found: protocol, known: clusterProtocol });
      const result: HelloResult = {
        protocol: Math.min(protocol, clusterProtocol),
        type,
        validate: plugin.validate !== undefined,
        undo: plugin.undo !== undefined,
      };
      return result;
    }
    if (method === "validate") {
      const problems = (await plugin.validate?.((params as { readonly data?: unknown }).data)) ?? [];
      return { problems } satisfies ValidateResult;
    }
    if (method === "run" || method === "undo") return call(id, method, params as CallParams);
    throw sdkErrors["cluster-method-missing"]({ type, method });
  };
  const told = (method: string, params: unknown): void => {
    if (method !== "cancel" || !isObject(params)) return;
    calls.get(params["id"] as MessageId)?.abort(sdkErrors["call-over"]({ reason: "its time is over, or the run is cancelled" }));
  };
  const peer = createJsonRpcPeer({ send, answer, told, broken });
  const close = (): void => {
    for (const over of calls.values()) over.abort(sdkErrors["call-over"]({ reason: "the runner is gone" }));
    peer.close("the runner is gone");
  };
  return { receive: peer.receive, log, close };
}

function contextOf(params: CallParams, peer: JsonRpcPeer, signal: AbortSignal, log: ClusterLogger): ClusterContext {
  const { phase: _phase, timeout, ...facts } = params;
  return {
    ...facts,
    data: params.data,
    kubernetes: kubernetesClientOver(async (request) => (await peer.ask("kubernetes", request).answer) as KubernetesAnswer),
    exec: async (host, script, options = {}) => (await peer.ask("exec", { host, script, ...options }).answer) as ExecOutput,
    log,
    deadline: Date.now() + timeout,
    signal,
  };
}

function loggerOf(log: ServedClusterPlugin["log"]): ClusterLogger {
  const at = (level: LogParams["level"]) => (text: string) => log(level, typeof text === "string" ? text : wordsOf(text));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

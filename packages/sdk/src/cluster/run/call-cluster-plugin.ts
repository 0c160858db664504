import { setImmediate } from "node:timers/promises";
import type { ClusterPrivilege, PhaseName } from "@outrigger/plugin";
import { sdkErrors } from "../../errors.ts";
import { createJsonRpcPeer } from "../../process/json-rpc.ts";
import type { ClusterContext } from "../cluster-context.ts";
import { guardContext } from "../guard-context.ts";
import { type CallParams, clusterProtocol, type HelloParams, type HelloResult, type LogParams } from "../protocol.ts";
import { fromPlugin } from "./call-params.ts";
import { boundedLog } from "./plugin-output.ts";

export interface CallerOptions {
  /** Takes one message with its newline, to the plug-in. */
  readonly send: (line: string) => void;
  /** The plug-in can't be spoken to any more: it broke the protocol, or did not end in time. It should be killed. */
  readonly failed: (reason: string) => void;
  /** The plug-in asks faster than it is answered: its output should not be read for now. */
  readonly busy?: (busy: boolean) => void;
  /** Its log outside of calls. */
  readonly log?: (params: LogParams) => void;
  readonly runner?: string;
  /** Milliseconds that a plug-in has to end after it was told to. Default 5000. */
  readonly grace?: number;
}

export interface PluginCall {
  readonly method: "run" | "undo";
  /** What the plug-in may see and use; its privileges are enforced here. */
  readonly context: ClusterContext;
  readonly phase: PhaseName;
  readonly privileges: readonly ClusterPrivilege[];
}

/** The runner's end of the protocol, for one process of a plug-in. Calls come one after the other. */
export interface PluginCaller {
  /** @param patience milliseconds */
  readonly hello: (patience: number) => Promise<HelloResult>;
  readonly validate: (data: unknown, patience: number) => Promise<readonly string[]>;
  /** Rejects with peer-refused and the plug-in's words, call-over, or peer-gone and the reason of {@link close}. */
  readonly call: (call: PluginCall) => Promise<void>;
  readonly receive: (piece: Uint8Array) => void;
  /** A line of the plug-in's error stream. */
  readonly printed: (text: string) => void;
  readonly close: (reason: string) => void;
}

interface Current {
  readonly context: ClusterContext;
  readonly log: (params: LogParams) => void;
  readonly pending: Set<Promise<unknown>>;
}

export function createPluginCaller({
  send,
  failed,
  busy,
  log = () => {},
  runner = "outrigger",
  grace = 5_000,
}: CallerOptions): PluginCaller {
  let current: Current | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const tell = (params: LogParams): void => (current?.log ?? log)(params);

  const work = async (method: string, params: unknown): Promise<unknown> => {
    if (current === undefined) throw sdkErrors["call-over"]({ reason: `${method} is for the time of a call, and none is under way` });
    if (method === "exec") {
      const { host, script, ...options } = fromPlugin("exec", params);
      const left = Math.max(1, current.context.deadline - Date.now());
      return current.context.exec(host, script, { ...options, timeout: Math.min(options.timeout ?? left, left) });
    }
    if (method === "kubernetes") return current.context.kubernetes.request(fromPlugin("kubernetes", params));
    throw sdkErrors["message-invalid"]({ method, reason: "there is no such method" });
  };
  const answer = (method: string, params: unknown): Promise<unknown> => {
    const done = work(method, params);
    const pending = current?.pending;
    pending?.add(done);
    const forget = (): void => void pending?.delete(done);
    done.then(forget, forget);
    return done;
  };
  const told = (method: string, params: unknown): void => {
    try {
      if (method !== "log") throw sdkErrors["message-invalid"]({ method: method.slice(0, 80), reason: "there is no such notification" });
      tell(fromPlugin("log", params));
    } catch (error) {
      broken(error instanceof Error ? error.message : String(error));
    }
  };
  const peer = createJsonRpcPeer({ send, answer, told, broken: failed, ...(busy === undefined ? {} : { busy }) });
  function broken(reason: string): void {
    peer.close(reason);
    failed(reason);
  }

  const inTurn = <Value>(action: () => Promise<Value>): Promise<Value> => {
    const turn = queue.then(action);
    queue = turn.catch(() => {});
    return turn;
  };
  const soon = async (method: string, params: unknown, patience: number): Promise<unknown> => {
    const timer = setTimeout(() => broken(`it did not answer ${method} within ${patience} ms`), patience);
    try {
      return await peer.ask(method, params).answer;
    } finally {
      clearTimeout(timer);
    }
  };
  const run = async ({ method, context, phase, privileges }: PluginCall): Promise<void> => {
    const guarded = guardContext(context, privileges);
    const own: Current = { context: guarded, log: boundedLog(context.log), pending: new Set() };
    current = own;
    const { id, answer: answered } = peer.ask(method, paramsOf(context, phase));
    let late: NodeJS.Timeout | undefined;
    let reason: string | undefined;
    const cancel = (): void => {
      if (reason !== undefined) return;
      reason = context.signal.aborted && Date.now() < context.deadline ? "the run is cancelled" : "its time is over";
      peer.tell("cancel", { id });
      late = setTimeout(() => {
        reason = `${reason}, and it did not end within ${grace} ms after it was told so`;
        broken(reason);
      }, grace);
    };
    const timer = setTimeout(cancel, Math.max(0, context.deadline - Date.now()));
    if (context.signal.aborted) cancel();
    context.signal.addEventListener("abort", cancel, { once: true });
    try {
      await answered.finally(() => clearTimeout(late));
      await Promise.allSettled(own.pending);
      await readWhatIsThere();
      if (reason !== undefined) throw sdkErrors["call-over"]({ reason });
    } catch (error) {
      // A plug-in that ends because it was told to says so in its own words.
      throw reason === undefined ? error : sdkErrors["call-over"]({ reason }, { cause: error });
    } finally {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", cancel);
      current = undefined;
    }
  };
  return {
    hello: (patience) =>
      inTurn(async () => fromPlugin("hello", await soon("hello", { protocol: clusterProtocol, runner } satisfies HelloParams, patience))),
    validate: (data, patience) => inTurn(async () => fromPlugin("validate", await soon("validate", { data }, patience)).problems),
    call: (call) => inTurn(() => run(call)),
    receive: peer.receive,
    printed: (text) => tell({ level: "info", text }),
    close: peer.close,
  };
}

/** What a plug-in wrote to its error stream before it answered can be read now, and comes in the next turn of the event loop. */
async function readWhatIsThere(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

function paramsOf({ run, name, cluster, hosts, data, values, deadline }: ClusterContext, phase: PhaseName): CallParams {
  return { run, name, phase, cluster, hosts, data: data ?? null, values, timeout: Math.max(1, deadline - Date.now()) };
}

import { hookNames, wordsOf } from "@outrigger/plugin";
import { createDoors } from "../doors/doors.ts";
import { createPullLedger, type PullLedger } from "../doors/pull-ledger.ts";
import { engineErrors } from "../errors.ts";
import { createEngineClient, type EngineClient } from "../gateway/engine-client.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import type { Listener } from "../gateway/listener.ts";
import type { Upstream } from "../gateway/upstream.ts";
import type { TraceStore } from "../hooks/trace-store.ts";
import { startHelpers } from "../plugins/helpers.ts";
import type { EnginePluginSource } from "../plugins/plugin-source.ts";
import { aboutDaemon } from "./about-daemon.ts";
import { followEngine } from "./follow-engine.ts";
import { type OciHooks, type RuntimeSettings, startOciHooks } from "./oci-hooks.ts";
import { type SupervisedEngine, superviseEngine } from "./supervise.ts";

export interface RunOptions {
  readonly listen: readonly Listener[];
  readonly upstream: Upstream;
  readonly plugins: EnginePluginSource;
  /** Plain TCP beyond loopback, where a listener says so too. */
  readonly allowInsecure?: boolean;
  /** The engine's command line, to be started between `daemon.preStart` and the first request. */
  readonly supervise?: readonly [string, ...string[]];
  /** Absent: `container.preStart` can't be carried out, and plug-ins that ask for it are refused. */
  readonly runtime?: RuntimeSettings;
  readonly traces?: TraceStore;
  /** Bytes of a body that plug-ins look at; default 4 MiB. */
  readonly bodyLimit?: number;
  readonly log: (message: string) => void;
}

/** A gateway that runs, with all that belongs to it. */
export interface EngineRun {
  readonly addresses: readonly string[];
  readonly connections: () => number;
  /** Tells `daemon.preStop`, lets requests end for `grace` milliseconds, then ends everything that was started; containers go on. */
  readonly stop: (grace?: number) => Promise<void>;
}

const usualBodyLimit = 4 * 1024 * 1024;

/**
 * Runs the plug-ins' `daemon.preStart`, the engine where it is to be supervised, then the gateway.
 *
 * @throws plugin-failed, plugin-refused, engine-start-failed, runtime-unknown, runtime-needed, listener-failed; whatever was started before is ended then
 */
export async function runEngine(options: RunOptions): Promise<EngineRun> {
  const { plugins, log, upstream } = options;
  const engine = createEngineClient(upstream);
  const started: (() => Promise<void>)[] = [async () => engine.close()];
  const stopAll = async (): Promise<void> => {
    for (const stop of started.splice(0).reverse()) await stop().catch((error: unknown) => log(wordsOf(error)));
  };
  try {
    started.push(await preStart(options));
    const supervised = await supervise(options, engine);
    if (supervised !== undefined) started.push(supervised.stop);
    const oci = await startOci(options, engine);
    if (oci !== undefined) started.push(oci.close);
    const pulls = createPullLedger();
    started.push(followEngine({ plugins, engine, pulls, log, ...(oci === undefined ? {} : { records: oci.records }) }));
    const gateway = await listen(options, engine, oci, pulls);
    return {
      addresses: gateway.addresses,
      connections: gateway.connections,
      stop: async (grace) => {
        await preStop(options);
        await gateway.drain(grace);
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** Helpers that plug-ins ask for; gives what ends them. */
async function preStart({ plugins, upstream }: RunOptions): Promise<() => Promise<void>> {
  const { dispatcher, release } = plugins.lease();
  try {
    const collected = await dispatcher.collect("daemon.preStart", { upstream: upstream.text }, aboutDaemon());
    return (await startHelpers(collected, plugins)).close;
  } finally {
    release();
  }
}

async function preStop({ plugins, log }: RunOptions): Promise<void> {
  const { dispatcher, release } = plugins.lease();
  try {
    for (const { plugin, message } of await dispatcher.notify("daemon.preStop", { reason: "signal" }, aboutDaemon())) {
      log(`${plugin} failed at daemon.preStop: ${message}`);
    }
  } finally {
    release();
  }
}

async function supervise({ supervise: command, log }: RunOptions, engine: EngineClient): Promise<SupervisedEngine | undefined> {
  return command === undefined ? undefined : superviseEngine(command, engine, log);
}

async function startOci({ runtime, plugins, log }: RunOptions, engine: EngineClient): Promise<OciHooks | undefined> {
  if (runtime !== undefined) return startOciHooks(runtime, engine, plugins, log);
  if (plugins.current().wants("container.preStart")) throw engineErrors["runtime-needed"]({});
  return undefined;
}

function listen(options: RunOptions, engine: EngineClient, oci: OciHooks | undefined, pulls: PullLedger): Promise<Gateway> {
  const { plugins, upstream, log } = options;
  const intercept = createDoors(plugins, {
    engine,
    bodyLimit: options.bodyLimit ?? usualBodyLimit,
    pulls,
    log,
    ...(options.traces === undefined ? {} : { traces: options.traces }),
    ...(oci === undefined ? {} : { runtime: oci }),
  });
  return startGateway({
    listen: options.listen,
    upstream,
    intercept,
    allowInsecure: options.allowInsecure ?? false,
    // What comes by HTTP/2, BuildKit's gRPC above all, would pass every hook by.
    http2PriorKnowledge: () => (judged(plugins) ? "refuse" : "tunnel"),
    onHandlerError: (error, requestId) =>
      log(`Request ${requestId} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  });
}

function judged(plugins: EnginePluginSource): boolean {
  const now = plugins.current();
  return hookNames.some((hook) => now.wants(hook));
}

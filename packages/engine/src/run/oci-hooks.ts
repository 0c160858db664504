import { wordsOf } from "@outrigger/plugin";
import type { ContainerFacts } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { EngineClient } from "../gateway/engine-client.ts";
import type { Call, PluginSource } from "../hooks/dispatcher.ts";
import { type AskListener, type BundleFacts, createAskListener } from "../oci/ask-listener.ts";
import type { HookRecords, PluginHook } from "../oci/hook-record.ts";
import { createHookRecords } from "../oci/hook-records.ts";
import { networkTimingOf } from "../oci/order-hooks.ts";

/** OCI hooks, as far as the gateway has a hand in them. */
export interface OciHooks {
  readonly name: string;
  readonly records: HookRecords;
  readonly close: () => Promise<void>;
}

/** The runtime wrapper as the engine and the gateway know it. */
export interface RuntimeSettings {
  /** The runtime's name in daemon.json. */
  readonly name: string;
  /** Where its records are; the same as the wrapper's own configuration says. */
  readonly folder: string;
}

interface EngineFacts {
  readonly ServerVersion: string;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
}

interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/**
 * Keeps records for the runtime wrapper, which the engine knows as `name`, and answers its questions.
 *
 * @throws runtime-unknown where the engine has no runtime of that name
 */
export async function startOciHooks(
  { name, folder }: RuntimeSettings,
  engine: EngineClient,
  plugins: PluginSource,
  log: (message: string) => void,
): Promise<OciHooks> {
  const { Runtimes = {}, ServerVersion } = await engine.ask<EngineFacts>({ path: "/info" });
  if (!Object.hasOwn(Runtimes, name)) throw engineErrors["runtime-unknown"]({ runtime: name, known: Object.keys(Runtimes).join(", ") });
  const records = await createHookRecords({ folder, network: networkTimingOf(ServerVersion) });
  const asking: AskListener = await createAskListener({
    folder,
    records,
    answer: (facts) => hooksOf(facts, engine, plugins),
    onError: (error) => log(`A question of the runtime failed: ${wordsOf(error)}`),
  });
  return { name, records, close: asking.close };
}

/** The hooks of a container that starts without a request that the gateway has seen. */
async function hooksOf({ containerId, env }: BundleFacts, engine: EngineClient, plugins: PluginSource): Promise<readonly PluginHook[]> {
  const filters = JSON.stringify({ id: [containerId] });
  const [listed] = await engine.ask<readonly ListedContainer[]>({ path: "/containers/json", query: { all: "1", filters } });
  const container: ContainerFacts = {
    id: containerId,
    name: (listed?.Names[0] ?? "").replace(/^\//, ""),
    image: listed?.Image ?? "",
    labels: listed?.Labels ?? {},
    env,
  };
  const { dispatcher, release } = plugins.lease();
  const call: Call = {
    requestId: `oci-${containerId.slice(0, 12)}`,
    client: null,
    apiVersion: null,
    container,
    signal: AbortSignal.timeout(30_000),
  };
  try {
    const collected = await dispatcher.collect("container.preStart", { container }, call);
    return collected.flatMap(({ plugin, result }) => (result.hooks ?? []).map((hook) => ({ plugin, hook })));
  } finally {
    release();
  }
}

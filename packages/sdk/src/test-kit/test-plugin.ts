import { join } from "node:path";
import type { ChangeHook, CollectHook, ConfigValues, EnginePluginManifest, HookId, NotifyHook } from "@outrigger/plugin";
import type { RecordedCall } from "../engine/call-plugin.ts";
import { callRoute, type RouteSide } from "../engine/call-route.ts";
import type { EnginePlugin } from "../engine/engine-plugin.ts";
import type { CallFacts, Refusal } from "../engine/hook-context.ts";
import type { ChangeInputs, CheckInputs, CollectInputs, CollectResults, NotifyInputs } from "../engine/hook-inputs.ts";
import type { RouteAnswer } from "../engine/protocol.ts";
import type { RouteRequest, RouteResponse } from "../engine/routes.ts";
import { loadPlugin } from "../engine/run/load-plugin.ts";
import { sdkErrors } from "../errors.ts";
import { guardedCall, handlesHook } from "./guarded-call.ts";
import { readManifest, settingsOf } from "./read-manifest.ts";

/** The plug-in to test: a folder with plugin.yaml, or both parts themselves. */
export type Tested = ({ readonly folder: string } | { readonly plugin: EnginePlugin; readonly manifest: EnginePluginManifest }) & {
  /** As a user's settings.yaml gives them; what is absent has the author's default. */
  readonly settings?: ConfigValues;
};

/** What became of a call. */
export interface KitAnswer<Input = unknown> {
  readonly input: Input;
  /** Fields that are not as they were: `body.HostConfig.Memory`. */
  readonly changed: readonly string[];
  readonly refused: Refusal | undefined;
  readonly warnings: readonly string[];
  /** At hook points that collect. */
  readonly result: unknown;
  /** False where the plug-in's filters keep the call from it. */
  readonly called: boolean;
}

/** A plug-in without an engine, with the privileges of its manifest. */
export interface PluginKit {
  readonly plugin: EnginePlugin;
  readonly manifest: EnginePluginManifest;
  /** Calls the handler, and then `validate`, where the plug-in has them. */
  readonly change: <Name extends ChangeHook>(
    hook: Name,
    input: ChangeInputs[Name],
    facts?: Partial<CallFacts>,
  ) => Promise<KitAnswer<ChangeInputs[Name]>>;
  readonly check: (input: CheckInputs["api.request"], facts?: Partial<CallFacts>) => Promise<KitAnswer>;
  readonly collect: <Name extends CollectHook>(
    hook: Name,
    input: CollectInputs[Name],
    facts?: Partial<CallFacts>,
  ) => Promise<KitAnswer & { readonly result: CollectResults[Name] | undefined }>;
  readonly notify: <Name extends NotifyHook>(hook: Name, input: NotifyInputs[Name], facts?: Partial<CallFacts>) => Promise<KitAnswer>;
  /** Calls one side of a route by its pattern, e.g. `GET /containers/json`. */
  readonly route: (
    pattern: string,
    side: RouteSide,
    request: Partial<RouteRequest>,
    response?: RouteResponse,
    facts?: Partial<CallFacts>,
  ) => Promise<RouteAnswer>;
  /** Plays a call as traces keep it. */
  readonly play: (call: Pick<RecordedCall, "hook" | "input"> & { readonly facts?: Partial<CallFacts> }) => Promise<KitAnswer>;
}

const usualFacts: CallFacts = {
  requestId: "test",
  client: { listener: "unix:///run/outrigger/docker.sock", user: "alice", process: { pid: 4242, uid: 1000, user: "alice" } },
  apiVersion: "1.41",
};

/**
 * Makes a plug-in ready for tests, set up with its settings.
 * @throws kit-manifest-invalid, kit-settings-invalid, module-invalid, and what the plug-in's set-up throws
 * @example
 * const kit = await testPlugin({ folder: join(import.meta.dirname, "..") });
 * const { refused } = await kit.change("container.preCreate", { name: null, platform: null, body: { Image: "nginx" } });
 */
export async function testPlugin(tested: Tested): Promise<PluginKit> {
  const manifest = "folder" in tested ? await readManifest(tested.folder) : tested.manifest;
  const plugin = "folder" in tested ? await loadPlugin(join(tested.folder, entryOf(manifest, tested.folder))) : tested.plugin;
  const settings = settingsOf(manifest.spec.config, tested.settings ?? {});
  const log = (): void => {};
  await plugin.setUp?.({ settings, log });
  const factsOf = (hook: HookId, facts: Partial<CallFacts> = {}): CallFacts => ({
    ...usualFacts,
    ...(hook.startsWith("container.preCreate") && !hook.startsWith("container.preCreateEndpoint") ? { door: "create" as const } : {}),
    ...facts,
  });
  const one = async (hook: HookId, input: unknown, facts?: Partial<CallFacts>): Promise<KitAnswer> => {
    const { answer, changes, ...rest } = await guardedCall(plugin, manifest, { hook, input, facts: factsOf(hook, facts), settings, log });
    const { refuse: refused, warnings = [], result } = answer;
    return { ...rest, changed: changes.map(({ way }) => way.join(".")), refused, warnings, result };
  };
  const change = async (hook: ChangeHook, input: unknown, facts?: Partial<CallFacts>): Promise<KitAnswer> => {
    const ids = ([hook, `${hook}/validate`] as const).filter((id) => handlesHook(plugin, id));
    const [head, ...more] = ids;
    const answer = await one(head ?? hook, input, facts);
    if (answer.refused !== undefined || more[0] === undefined) return answer;
    const validated = await one(more[0], answer.input, facts);
    return { ...answer, refused: validated.refused, warnings: [...answer.warnings, ...validated.warnings] };
  };
  const route: PluginKit["route"] = (pattern, side, request, response, facts) => {
    const index = plugin.hooks["api.routes"]?.findIndex(({ method, path }) => `${method} ${path}` === pattern) ?? -1;
    const [method = "", path = ""] = pattern.split(" ");
    const asked: RouteRequest = { method, path, version: "1.41", parameters: {}, query: [], headers: {}, ...request };
    const call = { facts: factsOf("api.routes", facts), request: asked, settings, log };
    return callRoute(plugin, index, side, response === undefined ? call : { ...call, response });
  };
  return {
    plugin,
    manifest,
    change: change as PluginKit["change"],
    check: (input, facts) => one("api.request", input, facts),
    collect: one as PluginKit["collect"],
    notify: one as PluginKit["notify"],
    route,
    play: ({ hook, input, facts }) => one(hook, input, facts),
  };
}

function entryOf({ spec }: EnginePluginManifest, folder: string): string {
  if (spec.engine.entry !== undefined) return spec.engine.entry;
  throw sdkErrors["kit-manifest-invalid"]({ folder, reason: "it starts a program, and has no entry" });
}

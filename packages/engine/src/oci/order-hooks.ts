import type { OciHook, OciStage } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { HookRecord, PluginHook, RuntimeHook } from "./hook-record.ts";

/**
 * When an engine gives a container its network. `prestart`: by a hook of its own in that stage (Docker Engine up to 27, but for 26.0).
 * `beforeStart`: by itself, after the runtime's `create` and before its `start` (Docker Engine 26.0 and from 28 on).
 */
export type NetworkTiming = "prestart" | "beforeStart";

/** In the order in which a container's life passes them. */
export const ociStages: readonly OciStage[] = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

/** Of a Docker Engine, by its version; one that names none is taken for a new one. Source: moby 0046b16d, fde80fe2, 933fcc98. */
export function networkTimingOf(engineVersion: string): NetworkTiming {
  const [, major = "", minor = ""] = /^v?(\d+)\.(\d+)/.exec(engineVersion) ?? [];
  if (major === "" || Number(major) >= 28) return "beforeStart";
  return Number(major) === 26 && Number(minor) === 0 ? "beforeStart" : "prestart";
}

/**
 * Puts hooks into stages, and around those that config.json has: higher priority earlier, the engine's own at 0 and before others at 0, equals in the given order.
 * A hook without a stage runs before the network where its priority is above 0, else after it: in `prestart` around the engine's hook, or,
 * where the engine has no such hook, in `createRuntime` or `poststart`.
 * @throws oci-hook-invalid
 */
export function orderHooks(hooks: readonly PluginHook[], network: NetworkTiming): HookRecord {
  for (const { plugin, hook } of hooks) checkHook(plugin, hook);
  const sorted = hooks.map(({ hook }) => hook).toSorted((one, other) => other.priority - one.priority);
  const record: Record<string, { before: RuntimeHook[]; after: RuntimeHook[] }> = {};
  for (const hook of sorted) {
    const stage = hook.stage ?? stageByPriority(hook.priority, network);
    record[stage] ??= { before: [], after: [] };
    record[stage][hook.priority > 0 ? "before" : "after"].push(asRuntimeHook(hook));
  }
  return record;
}

function stageByPriority(priority: number, network: NetworkTiming): OciStage {
  if (network === "prestart") return "prestart";
  return priority > 0 ? "createRuntime" : "poststart";
}

/** The hook without what config.json has no place for. */
export function asRuntimeHook({ path, args, env, timeout }: OciHook): RuntimeHook {
  return {
    path,
    ...(args === undefined ? {} : { args }),
    ...(env === undefined ? {} : { env }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

const fields: ReadonlySet<string> = new Set(["stage", "priority", "path", "args", "env", "timeout"]);

/** Hooks come from other processes, so their types are only a promise. */
function checkHook(plugin: string, hook: OciHook): void {
  const refuse = (field: string, found: unknown, expected: string): never => {
    throw engineErrors["oci-hook-invalid"]({ plugin, field, found: JSON.stringify(found) ?? "nothing", expected });
  };
  for (const field of Object.keys(hook)) if (!fields.has(field)) refuse(field, field, `one of ${[...fields].join(", ")}`);
  const { stage, priority, path, args = [], env = [], timeout = 1 } = hook;
  if (stage !== undefined && !ociStages.includes(stage)) refuse("stage", stage, `one of ${ociStages.join(", ")}`);
  if (!Number.isFinite(priority)) refuse("priority", priority, "a number");
  if (!isText(path) || !path.startsWith("/")) refuse("path", path, "an absolute path");
  if (!Array.isArray(args) || !args.every(isText)) refuse("args", args, "texts without NUL, the program's name first");
  if (!Array.isArray(env) || !env.every((entry) => isText(entry) && entry.indexOf("=") > 0))
    refuse("env", env, "texts of the form NAME=value");
  if (!Number.isSafeInteger(timeout) || timeout < 1) refuse("timeout", timeout, "whole seconds, at least 1");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0") && value.isWellFormed();
}

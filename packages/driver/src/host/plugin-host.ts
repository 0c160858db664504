import { type ConfigValues, type HostPlan, type InstallationStatus, type PluginHost, valueToText } from "@outrigger/plugin";
import type { ManagedPlugin } from "../config/plugin-config.ts";
import { newPrivileges, privilegesOfConfig } from "../config/privileges.ts";
import { applySettings, nothingSet } from "../config/settable.ts";
import { driverErrors } from "../errors.ts";
import type { DriverHost } from "./driver-host.ts";
import type { PackageRequest } from "./install/package-access.ts";
import { readReference } from "./names.ts";

/** What every driver of a host is installed on. */
export const driverTarget = "driver-host";

/**
 * A driver host as a {@link PluginHost}: plug-ins are the names of drivers, versions are references (`HOST/NAME:TAG`) or tags of the reference that is installed.
 * Values are settings by group and name; groups don't count, since names are unique. Errors: those of `DriverHost`.
 * @param locate where a version's package is; absent: in its registry
 */
export function driverPluginHost(
  host: DriverHost,
  locate: (reference: string) => Promise<Partial<PackageRequest>> = async () => ({}),
): PluginHost {
  const quiet = (): void => {};
  const requestOf = async (text: string): Promise<PackageRequest> => ({ reference: readReference(text), ...(await locate(text)) });
  const versionOf = (plugin: string, version: string): string =>
    /[/:]/.test(version)
      ? version
      : `${host
          .inspect(plugin)
          .PluginReference.replace(/@.*$/, "")
          .replace(/:[^:/]+$/, "")}:${version}`;
  return {
    layer: "driver",
    list: async () => host.list().map(statusOf),
    inspect: async (_, plugin) => statusOf(host.inspect(plugin)),
    install: async ({ plugin, version, values, grants }, dryRun) => {
      const request = await requestOf(/[/:]/.test(version) ? version : `${plugin}:${version}`);
      const asked = await host.privileges(request);
      requireGrants(plugin, asked, grants);
      if (dryRun) return planOf("restart", `${plugin} is fetched, installed and started.`);
      const { Name } = await host.install({ ...request, alias: readReference(plugin), granted: asked }, quiet);
      try {
        await host.set(Name, argsOf(values));
      } catch (error) {
        await host.remove(Name, false);
        throw error;
      }
      await host.enable(Name, 0);
      return planOf("restart", `${Name} runs.`);
    },
    enable: async (_, plugin, dryRun) => {
      if (host.inspect(plugin).Enabled) return planOf("none", `${plugin} is enabled already.`);
      if (!dryRun) await host.enable(plugin, 0);
      return planOf("restart", `${plugin} starts.`);
    },
    disable: async (_, plugin, dryRun) => {
      if (!host.inspect(plugin).Enabled) return planOf("none", `${plugin} is disabled already.`);
      if (!dryRun) await host.disable(plugin, false);
      return planOf("restart", `${plugin} ends; it keeps its settings and what it has stored.`);
    },
    configure: async (_, plugin, values, dryRun) => {
      const { Enabled, Config } = host.inspect(plugin);
      const args = argsOf(values);
      applySettings(Config, nothingSet, args);
      if (dryRun) return planOf(Enabled ? "restart" : "none", `${plugin} takes new settings${Enabled ? " and is started anew" : ""}.`);
      if (Enabled) await host.disable(plugin, false);
      await host.set(plugin, args);
      if (Enabled) await host.enable(plugin, 0);
      return planOf(Enabled ? "restart" : "none", `${plugin} has new settings.`);
    },
    upgrade: async (_, plugin, version, dryRun) => {
      const { Config, Name } = host.inspect(plugin);
      const request = await requestOf(versionOf(plugin, version));
      const asked = await host.privileges(request);
      const fresh = newPrivileges(privilegesOfConfig(Config), asked);
      requireGrants(Name, fresh, []);
      if (!dryRun) await host.upgrade(plugin, { ...request, granted: asked, force: false }, quiet);
      return planOf("restart", `${Name} goes to ${version}; what was set and stored is kept.`);
    },
    rollback: async (_, plugin, dryRun) => {
      const { Name, Outrigger } = host.inspect(plugin);
      if (Outrigger?.previous === undefined) throw driverErrors["driver-no-previous"]({ name: Name });
      if (!dryRun) await host.rollback(plugin, false);
      return planOf("restart", `${Name} goes back to ${Outrigger.previous.reference}.`);
    },
    uninstall: async (_, plugin, dryRun) => {
      const { Name, Enabled } = host.inspect(plugin);
      if (!dryRun && Enabled) await host.disable(plugin, false);
      if (!dryRun) await host.remove(plugin, false);
      return planOf("restart", `${Name} ends, and what it has stored goes.`);
    },
    logs: (_, plugin, signal) => lines(host.logs(plugin, true, signal)),
  };
}

/** @throws privileges-not-granted. Grants are `all`, a privilege's name, or `NAME=VALUE` */
function requireGrants(name: string, asked: ReturnType<typeof privilegesOfConfig>, grants: readonly string[]): void {
  if (grants.includes("all")) return;
  const missing = asked.filter(({ Name, Value }) => !grants.includes(Name) && !Value.every((value) => grants.includes(`${Name}=${value}`)));
  if (missing.length === 0) return;
  throw driverErrors["privileges-not-granted"]({
    name,
    missing: missing.map(({ Name, Value }) => `${Name}=${Value.join(",")}`).join("; "),
  });
}

function argsOf(values: ConfigValues): readonly string[] {
  return Object.values(values).flatMap((group) =>
    Object.entries(group).map(([name, value]) => `${name}=${valueToText(value as Parameters<typeof valueToText>[0])}`),
  );
}

function planOf(kind: HostPlan["changes"][number]["kind"], reason: string): HostPlan {
  return { changes: [{ kind, reason }] };
}

function statusOf({ Name, PluginReference, Enabled, Outrigger }: ManagedPlugin): InstallationStatus {
  const { state = Enabled ? "installed" : "disabled", reason, failures = 0 } = Outrigger ?? {};
  return { plugin: Name, version: PluginReference, target: driverTarget, state, failures, ...(reason === undefined ? {} : { reason }) };
}

async function* lines(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces) {
    const [...whole] = (rest + piece.toString("utf8")).split("\n");
    rest = whole.pop() ?? "";
    yield* whole;
  }
  if (rest !== "") yield rest;
}

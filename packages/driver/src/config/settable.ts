import { type ConfigItem, checkValues, valueFromText } from "@outrigger/plugin";
import { driverErrors } from "../errors.ts";
import type { ArgsConfig, DeviceConfig, EnvConfig, MountConfig, PluginConfig, PluginSettings } from "./plugin-config.ts";
import { settingItems } from "./setting-items.ts";

/** What a person has set, kept beside the defaults so that an upgrade can tell the two apart. */
export interface SetValues {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: Readonly<Record<string, string>>;
  readonly devices: Readonly<Record<string, string>>;
  /** By the group's name: an upgrade that renames it drops the value. */
  readonly args: Readonly<Record<string, readonly string[]>>;
}

export const nothingSet: SetValues = { env: {}, mounts: {}, devices: {}, args: {} };

type Kind = keyof SetValues;

/** The one field of each kind that can be settable. */
const settableField: Readonly<Record<Kind, string>> = { env: "value", mounts: "source", devices: "path", args: "value" };

interface Named {
  readonly Name: string;
  readonly Settable: readonly string[] | null;
}

/** What a plug-in runs with: its configuration's values, and over them what a person has set. */
export function settingsOf(config: PluginConfig, set: SetValues = nothingSet): PluginSettings {
  return {
    Args: own(set.args, config.Args.Name) ?? config.Args.Value ?? [],
    Devices: (config.Linux.Devices ?? []).map(
      (device): DeviceConfig => ({ ...device, Path: own(set.devices, device.Name) ?? device.Path }),
    ),
    Env: (config.Env ?? []).flatMap(({ Name, Value }) => {
      const value = own(set.env, Name) ?? Value;
      return value === null ? [] : [`${Name}=${value}`];
    }),
    Mounts: (config.Mounts ?? []).map((mount): MountConfig => ({ ...mount, Source: own(set.mounts, mount.Name) ?? mount.Source })),
  };
}

/**
 * Carries out `set` arguments, each `NAME[.FIELD][=VALUE]` (moby `daemon/pkg/plugin/v2/settable.go`): all of them, or with an error none.
 * The name is looked for in variables, mounts, devices and arguments, in this order. Without `=` the value is empty. A value for the arguments is split at
 * single spaces. Where the plug-in has typed settings, values are checked by them.
 * @throws setting-invalid, setting-unknown, setting-fixed, setting-refused
 */
export function applySettings(config: PluginConfig, set: SetValues, args: readonly string[]): SetValues {
  return args.reduce((values, arg) => applyOne(config, values, arg), set);
}

function applyOne(config: PluginConfig, set: SetValues, arg: string): SetValues {
  const equals = arg.indexOf("=");
  const [left, value] = equals < 0 ? [arg, ""] : [arg.slice(0, equals), arg.slice(equals + 1)];
  const dot = left.lastIndexOf(".");
  const [name, field] = dot < 0 ? [left, undefined] : [left.slice(0, dot), left.slice(dot + 1)];
  if (name === "" || field === "") throw driverErrors["setting-invalid"]({ found: arg });
  const { kind, entry } = find(config, name);
  requireSettable(kind, entry, field, left);
  if (value.includes("\0")) throw driverErrors["setting-refused"]({ name, reason: "its value holds a NUL" });
  if (kind === "args") return { ...set, args: { ...set.args, [name]: value.split(" ") } };
  if (kind === "env") checkTyped(config, name, value);
  return { ...set, [kind]: { ...set[kind], [name]: value } };
}

function find(config: PluginConfig, name: string): { readonly kind: Kind; readonly entry: Named } {
  for (const { kind, entry } of entriesOf(config)) if (entry.Name === name) return { kind, entry };
  throw driverErrors["setting-unknown"]({ name, known: settableNames(config).join(", ") || "none" });
}

function entriesOf(
  config: PluginConfig,
): readonly { readonly kind: Kind; readonly entry: EnvConfig | MountConfig | DeviceConfig | ArgsConfig }[] {
  return [
    ...(config.Env ?? []).map((entry) => ({ kind: "env" as const, entry })),
    ...(config.Mounts ?? []).map((entry) => ({ kind: "mounts" as const, entry })),
    ...(config.Linux.Devices ?? []).map((entry) => ({ kind: "devices" as const, entry })),
    ...(config.Args.Name === "" ? [] : [{ kind: "args" as const, entry: config.Args }]),
  ];
}

/** The names that `set` takes, in the order in which they are looked for. */
export function settableNames(config: PluginConfig): readonly string[] {
  const names = entriesOf(config).filter(({ kind, entry }) => entry.Settable?.includes(settableField[kind]) === true);
  return [...new Set(names.map(({ entry }) => entry.Name))];
}

function requireSettable(kind: Kind, entry: Named, field: string | undefined, written: string): void {
  const fields = entry.Settable ?? [];
  if (field === undefined && fields.length > 1) {
    throw driverErrors["setting-refused"]({
      name: written,
      reason: `several of its fields are settable (${fields.join(", ")}): name one of them`,
    });
  }
  const wanted = field ?? fields[0];
  if (wanted !== settableField[kind] || !fields.includes(wanted)) throw driverErrors["setting-fixed"]({ name: written });
}

/** Checks a variable's text by the typed setting of that name, where there is one. @throws setting-refused */
function checkTyped(config: PluginConfig, name: string, text: string): void {
  const item = settingItems(config).get(name);
  if (item === undefined) return;
  const wrong = problemOf(item, text);
  if (wrong !== undefined) throw driverErrors["setting-refused"]({ name, reason: wrong });
}

function problemOf(item: ConfigItem, text: string): string | undefined {
  const group = { group: "settings", dependsOn: "none", inject: "env", items: [item] } as const;
  const [problem] = checkValues([group], { settings: { [item.name]: valueFromText(item, text) } }, { ports: [], downstream: [] });
  if (problem === undefined) return undefined;
  return [problem.message, problem.hint]
    .filter((part) => part !== undefined)
    .join(" ")
    .replace(/\.$/, "");
}

/** A value that an upgrade leaves behind, and why. */
export interface DroppedValue {
  readonly name: string;
  readonly reason: string;
}

/**
 * What a person has set, as it counts for another version: kept where the version still lets it be set, dropped where the name or its being settable is gone.
 * New defaults come with the version's own configuration. @throws setting-refused where a value has become wrong: set it anew before upgrading
 */
export function mergeSettings(
  config: PluginConfig,
  set: SetValues,
): { readonly set: SetValues; readonly dropped: readonly DroppedValue[] } {
  const dropped: DroppedValue[] = [];
  const keep = (kind: Kind): Readonly<Record<string, never>> => {
    const entries = Object.entries(set[kind]).filter(([name]) => {
      const found = entriesOf(config).find(({ entry }) => entry.Name === name);
      const settable = found?.kind === kind && found.entry.Settable?.includes(settableField[kind]) === true;
      if (!settable)
        dropped.push({ name, reason: found === undefined ? "the new version has no such setting" : "the new version fixes it" });
      return settable;
    });
    return Object.fromEntries(entries) as Readonly<Record<string, never>>;
  };
  const kept = { env: keep("env"), mounts: keep("mounts"), devices: keep("devices"), args: keep("args") };
  for (const [name, text] of Object.entries<string>(kept.env)) checkTyped(config, name, text);
  return { set: kept, dropped };
}

/** The typed settings that must have a value and have none. */
export function missingSettings(config: PluginConfig, settings: PluginSettings): readonly string[] {
  const given = new Map(settings.Env.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]));
  return [...settingItems(config).values()]
    .filter(({ name, required }) => required && (given.get(name) ?? "") === "")
    .map(({ name }) => name);
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

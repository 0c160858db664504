import { asRecord, asRecords, type ConfigItem, configGroupField } from "@outrigger/plugin";
import type { PluginConfig, PluginSettings } from "./plugin-config.ts";

/** The typed settings of a plug-in made from a plugin.yaml, by the name of their variable; none for plug-ins of others. */
export function settingItems(config: PluginConfig): ReadonlyMap<string, ConfigItem> {
  const groups = asRecords(asRecord(asRecord(config.Outrigger)["spec"])["config"]);
  const read = groups.map((group) => configGroupField.safeParse(group)).flatMap(({ success, data }) => (success ? [data] : []));
  return new Map(read.filter(({ inject }) => inject === "env").flatMap(({ items }) => items.map((item) => [item.name, item] as const)));
}

/** The settings as they may be shown: values of secrets are replaced by `********`. */
export function withoutSecrets(config: PluginConfig, settings: PluginSettings): PluginSettings {
  const secrets = new Set([...settingItems(config).values()].filter(({ type }) => type === "secret").map(({ name }) => name));
  const shown = (text: string): string => {
    const name = text.slice(0, text.indexOf("="));
    return secrets.has(name) && text !== `${name}=` ? `${name}=********` : text;
  };
  return { ...settings, Env: settings.Env.map(shown) };
}

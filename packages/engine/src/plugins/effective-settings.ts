import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type ConfigGroup, type ConfigValue, type ConfigValues, isSecretFrom, ownValue, type SecretFrom } from "@outrigger/plugin";
import type { Settings } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";

/** What a plug-in is told: every item with its value or its default; secrets read from where they are. Items without either are left out. */
export async function effectiveSettings(folder: string, config: readonly ConfigGroup[], values: ConfigValues): Promise<Settings> {
  const groups = config.map(async (group) => {
    const given = ownValue(values, group.group) ?? {};
    const items = group.items.map(async (item): Promise<(readonly [string, ConfigValue])[]> => {
      const value = ownValue(given, item.name) ?? item.default;
      if (value === undefined) return [];
      return [[item.name, isSecretFrom(value) ? await secretOf(folder, value) : (value as ConfigValue)]];
    });
    return [group.group, Object.fromEntries((await Promise.all(items)).flat())] as const;
  });
  return Object.fromEntries(await Promise.all(groups));
}

async function secretOf(folder: string, { fromEnv, fromFile }: SecretFrom): Promise<string> {
  if (fromEnv !== undefined) {
    const value = process.env[fromEnv];
    if (value === undefined) throw engineErrors["folder-unreadable"]({ path: `the variable ${fromEnv}`, reason: "it is not set" });
    return value;
  }
  const path = resolve(folder, fromFile ?? "");
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw engineErrors["folder-unreadable"]({ path, reason: error.message });
  });
  return text.replace(/\r?\n$/, "");
}

import type { Taint } from "../model/host.ts";
import { isLabelKey, isLabelValue } from "./label-selector.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

/** `key=value:Effect`, `key:Effect` or `key=:Effect`; undefined for anything else. */
export function parseTaint(text: string): Taint | undefined {
  const [, key = "", value = "", word = ""] = /^([^=:]+)(?:=([^=:]*))?:([A-Za-z]+)$/.exec(text.trim()) ?? [];
  const effect = effects.find((each) => each === word);
  return effect === undefined || !isLabelKey(key) || !isLabelValue(value) ? undefined : { key, value, effect };
}

export function formatTaint({ key, value, effect }: Taint): string {
  return `${key}${value === "" ? "" : `=${value}`}:${effect}`;
}

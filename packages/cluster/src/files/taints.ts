import { keyFault, valueFault } from "@outrigger/plugin";
import { type Taint, taintEffects } from "../model/host.ts";

/** `key=value:Effect`, `key:Effect` or `key=:Effect`; undefined for anything else. */
export function parseTaint(text: string): Taint | undefined {
  const [, key = "", value = "", word = ""] = /^([^=:]+)(?:=([^=:]*))?:([A-Za-z]+)$/.exec(text.trim()) ?? [];
  const effect = taintEffects.find((each) => each === word);
  return effect === undefined || (keyFault(key) ?? valueFault(value)) !== undefined ? undefined : { key, value, effect };
}

export function formatTaint({ key, value, effect }: Taint): string {
  return `${key}${value === "" ? "" : `=${value}`}:${effect}`;
}

import {
  asRecord,
  type ConfigGroup,
  type ConfigItem,
  checkItemValue,
  isKept,
  isSealed,
  isSecretFrom,
  ownValue,
  type PlainProblem,
  type SealedSecret,
  type StoredValues,
} from "@outrigger/plugin";
import type { Vault } from "../secrets.ts";

type Values = Readonly<Record<string, unknown>>;

/** Whose values they are. */
export interface ValuesOwner {
  readonly team: string;
  readonly application: string;
  readonly component: string;
  readonly plugin: string;
}

/** Where a secret is sealed for: its owner and its path among the values. */
export function secretPlace(owner: ValuesOwner, path: readonly string[]): string {
  return JSON.stringify([owner.team, owner.application, owner.component, owner.plugin, ...path]);
}

/**
 * Seals the secrets among values that a user gave. `{ secret: "set" }` stands for the one in `stored`. Everything else stays as it is, for
 * checkValues to judge.
 */
export function sealValues(
  config: readonly ConfigGroup[],
  given: Values,
  stored: Values,
  owner: ValuesOwner,
  vault: Vault,
): { readonly values: StoredValues; readonly problems: readonly PlainProblem[] } {
  const problems: PlainProblem[] = [];
  const values = mapSecrets(config, given, (value, path, item) => {
    const kept = valueAt(stored, path);
    if (typeof value === "string") {
      const place = secretPlace(owner, path);
      // Once sealed it can't be looked at.
      const wrong = checkItemValue(item, value);
      if (wrong !== undefined) problems.push({ ...wrong, path });
      const digest = vault.digest(place, value);
      // The same text again is no change, though it would be sealed otherwise each time.
      return isSealed(kept) && kept.digest === digest ? kept : { sealed: vault.seal(place, value), digest };
    }
    if (isKept(value) && isSealed(kept)) return kept;
    problems.push(unusableSecret(value, path));
    return undefined;
  });
  return { values: values as StoredValues, problems };
}

function unusableSecret(value: unknown, path: readonly string[]): PlainProblem {
  const name = path.at(-1) ?? "";
  if (isKept(value)) {
    return { path, code: "value-required", message: `${name} has no stored secret that could be kept.`, hint: "Send the secret's text." };
  }
  return isSecretFrom(value)
    ? {
        path,
        code: "wrong-value",
        message: `${name} is to be read from a variable or file, which the server can't see.`,
        hint: "Send the text itself; `outrigger` resolves fromEnv and fromFile before it sends.",
      }
    : { path, code: "wrong-type", message: `${name} is a secret; it must be a string.`, found: typeof value, expected: "a string" };
}

/** The values as an answer shows them: no secret, not even sealed. */
export function redactValues(values: StoredValues): StoredValues {
  return Object.fromEntries(Object.entries(values).map(([group, items]) => [group, redact(items, 0)])) as StoredValues;
}

function redact(value: unknown, depth: number): unknown {
  if (depth > 0 && isSealed(value)) return { secret: "set" };
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redact(inner, depth + 1)]));
}

/** `patch` over `values`, item by item; `null` removes. */
export function mergeValues(values: Values, patch: Values): Values {
  return merge(values, patch, 0);
}

/** A group is never a value; what is in it may be: a port's items, or a value written as a mapping. */
function merge(values: Values, patch: Values, depth: number): Values {
  const merged = new Map(Object.entries(values));
  for (const [key, change] of Object.entries(patch)) {
    const before = merged.get(key);
    if (change === null) merged.delete(key);
    else if (isPlain(change) && (depth === 0 || !isValue(change))) {
      merged.set(key, merge(isPlain(before) && (depth === 0 || !isValue(before)) ? before : {}, change, depth + 1));
    } else merged.set(key, change);
  }
  return Object.fromEntries(merged);
}

/** The sealed secret at a path among the values. */
export function sealedSecret(values: StoredValues, path: readonly string[]): SealedSecret | undefined {
  const found = valueAt(values, path);
  return isSealed(found) ? found : undefined;
}

function mapSecrets(
  config: readonly ConfigGroup[],
  values: Values,
  change: (value: unknown, path: readonly string[], item: ConfigItem) => unknown,
): Values {
  const groups = new Map(config.map((group) => [group.group, group]));
  const mapItems = (items: readonly ConfigItem[], given: unknown, path: readonly string[]): unknown => {
    if (!isPlain(given)) return given;
    const secrets = new Map(items.filter(({ type }) => type === "secret").map((item) => [item.name, item]));
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => {
        const item = secrets.get(name);
        return [name, item === undefined ? value : change(value, [...path, name], item)];
      }),
    );
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, given]) => {
      const group = groups.get(name);
      if (group === undefined || !isPlain(given)) return [name, given];
      if (group.dependsOn === "none") return [name, mapItems(group.items, given, [name])];
      return [name, Object.fromEntries(Object.entries(given).map(([port, own]) => [port, mapItems(group.items, own, [name, port])]))];
    }),
  );
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => ownValue(asRecord(at), key), values);
}

function isPlain(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isValue(value: Values): boolean {
  return (isKept(value) && value.secret === "set") || isSealed(value) || isSecretFrom(value);
}

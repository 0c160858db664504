import type { ConfigValues, GivenValue, Port, SecretFrom } from "./application.ts";
import { type ConfigGroup, type ConfigItem, type ConfigValue, checkItemValue } from "./config-schema.ts";
import { asRecord, ownValue } from "./fields.ts";
import { nearest } from "./nearest.ts";
import type { PlainProblem } from "./problem.ts";

/** A secret as the store keeps it: its ciphertext, and a keyed digest that tells when it changes. */
export interface SealedSecret {
  readonly sealed: string;
  readonly digest: string;
}

/** What stands for a secret in every answer. Sent back, it means: keep the one that is stored. */
export interface KeptSecret {
  readonly secret: "set";
}

/** A value on its way from a user to a pod. */
export type StoredValue = GivenValue | SealedSecret | KeptSecret;

/** Like {@link ConfigValues}, with secrets sealed or kept. */
export type StoredValues = Readonly<Record<string, Readonly<Record<string, StoredValue | Readonly<Record<string, StoredValue>>>>>>;

/** The ports that port groups can be about. */
export interface ValueScope {
  readonly ports: readonly Port[];
  readonly downstream: readonly { readonly component: string; readonly ports: readonly Port[] }[];
}

/** One port that a group's values are for; `key` is how values name it: `8080`, or `api:5000` downstream. */
export interface ScopedPort {
  readonly key: string;
  readonly component?: string;
  readonly port: Port;
}

/** The ports that a group's settings hang on; none for `dependsOn: none`. */
export function portsOf(group: ConfigGroup, scope: ValueScope): readonly ScopedPort[] {
  if (group.dependsOn === "port") return scope.ports.map((port) => ({ key: String(port.port), port }));
  if (group.dependsOn === "downstream-port") {
    return scope.downstream.flatMap(({ component, ports }) => ports.map((port) => ({ key: `${component}:${port.port}`, component, port })));
  }
  return [];
}

/** True when the item has a meaning for the port. */
export function appliesTo(item: ConfigItem, port: Port): boolean {
  return item.protocol === undefined || item.protocol.includes(port.protocol);
}

/** Every mistake in the values given for a plug-in's settings: unknown groups, ports and items, type, options, range, required, editable, protocol. */
export function checkValues(config: readonly ConfigGroup[], values: ConfigValues | StoredValues, scope: ValueScope): PlainProblem[] {
  const groups = new Map(config.map((group) => [group.group, group]));
  const strange = Object.keys(values)
    .filter((name) => !groups.has(name))
    .map((name) => unknownName([name], "group", name, [...groups.keys()]));
  return [...strange, ...config.flatMap((group) => checkGroup(group, asRecord(ownValue(values, group.group)), scope))];
}

function checkGroup(group: ConfigGroup, given: Readonly<Record<string, unknown>>, scope: ValueScope): PlainProblem[] {
  if (group.dependsOn === "none") return checkItems(group.items, given, [group.group]);
  const ports = portsOf(group, scope);
  if (ports.length === 0) {
    const what = group.dependsOn === "port" ? "the component has no port" : "the component depends on nothing that has a port";
    return [
      {
        path: [group.group],
        code: "conflict",
        message: `The group ${group.group} is about ports, but ${what}.`,
        hint: "Add ports or dependsOn, or use another plug-in.",
      },
    ];
  }
  const strange = Object.keys(given)
    .filter((key) => !ports.some((port) => port.key === key))
    .map((key) =>
      unknownName(
        [group.group, key],
        "port",
        key,
        ports.map((port) => port.key),
      ),
    );
  if (!ports.some(({ port }) => group.items.some((item) => appliesTo(item, port)))) {
    const speaks = [...new Set(ports.map(({ port }) => port.protocol))].join(", ");
    strange.push({
      path: [group.group],
      code: "protocol-mismatch",
      message: `No setting of the group ${group.group} applies to the protocols of these ports: ${speaks}.`,
      found: speaks,
    });
  }
  return [...strange, ...ports.flatMap((port) => checkPort(group, port, asRecord(ownValue(given, port.key))))];
}

function checkPort(group: ConfigGroup, { key, port }: ScopedPort, given: Readonly<Record<string, unknown>>): PlainProblem[] {
  const mismatched = group.items.filter((item) => !appliesTo(item, port) && ownValue(given, item.name) !== undefined);
  const problems = mismatched.map(
    (item): PlainProblem => ({
      path: [group.group, key, item.name],
      code: "protocol-mismatch",
      message: `${item.name} applies to ${(item.protocol ?? []).join(", ")}, but port ${key} speaks ${port.protocol}.`,
      found: port.protocol,
      expected: (item.protocol ?? []).join(", "),
    }),
  );
  const applying = group.items.filter((item) => appliesTo(item, port));
  const rest = Object.fromEntries(Object.entries(given).filter(([name]) => !mismatched.some((item) => item.name === name)));
  return [...problems, ...checkItems(applying, rest, [group.group, key])];
}

function checkItems(items: readonly ConfigItem[], given: Readonly<Record<string, unknown>>, path: readonly string[]): PlainProblem[] {
  const strange = Object.keys(given)
    .filter((name) => !items.some((item) => item.name === name))
    .map((name) =>
      unknownName(
        [...path, name],
        "item",
        name,
        items.map((item) => item.name),
      ),
    );
  return [...strange, ...items.flatMap((item) => checkItem(item, ownValue(given, item.name), [...path, item.name]))];
}

function checkItem(item: ConfigItem, value: unknown, path: readonly string[]): PlainProblem[] {
  if (value === undefined) {
    if (!item.required || item.default !== undefined) return [];
    return [
      {
        path,
        code: "value-required",
        message: `${item.name} has no value.`,
        expected: item.description ?? item.type,
        hint: `Set ${path.join(".")}.`,
      },
    ];
  }
  if (!item.editable && JSON.stringify(value) !== JSON.stringify(item.default)) {
    return [
      {
        path,
        code: "value-not-editable",
        message: `${item.name} is fixed by the plug-in's author and can't be set.`,
        hint: "Remove it from the values.",
      },
    ];
  }
  if (isSecretForm(value)) {
    if (item.type === "secret") return [];
    return [
      {
        path,
        code: "wrong-type",
        message: `${item.name} is no secret, so its value can't come from elsewhere.`,
        hint: "Write the value itself.",
      },
    ];
  }
  const wrong = checkItemValue(item, value);
  return wrong === undefined ? [] : [{ ...wrong, path }];
}

/** True for a value read from a variable or a file when the file is applied. */
export function isSecretFrom(value: unknown): value is SecretFrom {
  return typeof value === "object" && value !== null && ("fromEnv" in value || "fromFile" in value);
}

/** True for a secret as the store keeps it. */
export function isSealed(value: unknown): value is SealedSecret {
  return typeof value === "object" && value !== null && "sealed" in value;
}

/** True for what stands for a stored secret. */
export function isKept(value: unknown): value is KeptSecret {
  return typeof value === "object" && value !== null && "secret" in value;
}

function isSecretForm(value: unknown): boolean {
  return isSecretFrom(value) || isSealed(value) || isKept(value);
}

function unknownName(path: readonly string[], what: string, name: string, known: readonly string[]): PlainProblem {
  const meant = nearest(name, known);
  return {
    path,
    code: "unknown-key",
    message: `There is no ${what} ${JSON.stringify(name)} here.`,
    found: name,
    expected: known.join(", "),
    hint: meant === undefined ? `Known here: ${known.join(", ") || "none"}.` : `Did you mean ${JSON.stringify(meant)}?`,
  };
}

/**
 * Turns text from a command line into a value of the item's type: `multiple` splits at commas; what is no number stays text, for {@link checkValues} to refuse.
 */
export function valueFromText(item: ConfigItem, text: string): ConfigValue {
  if (item.type === "multiple") return text === "" ? [] : text.split(",");
  if (item.type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (item.type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  return text;
}

/** A value as a variable's text: lists joined by commas. */
export function valueToText(value: ConfigValue): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}

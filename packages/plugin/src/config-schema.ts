import * as z from "zod";
import { wordsOf } from "./errors-catalogue.ts";
import { asRecord, asRecords, duplicates, nameField, pathField, variableField, withRule } from "./fields.ts";
import type { PlainProblem } from "./problem.ts";

/** What a group's settings hang on: the plug-in itself, each port of the component, or each port of what it depends on. */
export type DependsOn = "none" | "port" | "downstream-port";

/** How settings reach the plug-in: as environment variables at start, or by discovery while it runs. */
export type Inject = "env" | "discovery";

/** The protocols that a component's port can speak. */
export type Protocol = "http" | "https" | "grpc" | "tcp" | "udp" | "sctp" | "mysql";

export type ItemType = "string" | "single" | "multiple" | "secret" | "integer" | "boolean";

/** A setting's value: `multiple` takes a list, the others one scalar. */
export type ConfigValue = string | number | boolean | readonly string[];

/** One setting. `single` and `multiple` choose from `options`; `secret` is stored encrypted and never shown. */
export interface ConfigItem {
  readonly name: string;
  readonly type: ItemType;
  readonly options?: readonly string[];
  readonly default?: ConfigValue;
  /** Must have a value when the plug-in is installed. */
  readonly required: boolean;
  /** False: the author's default stands and users can't change it. */
  readonly editable: boolean;
  readonly description?: string;
  /** Bounds of an integer. */
  readonly min?: number;
  readonly max?: number;
  /** A regular expression (ECMAScript, flag `u`) that the whole of a string or secret must match. */
  readonly pattern?: string;
  /** Only in groups that depend on ports: the item applies to ports that speak one of these; absent: to all. */
  readonly protocol?: readonly Protocol[];
}

/** Settings that belong together. */
export interface ConfigGroup {
  readonly group: string;
  readonly dependsOn: DependsOn;
  readonly inject: Inject;
  readonly description?: string;
  /** Discovery's settings are kept as this file in the plug-in's container, too. */
  readonly file?: string;
  readonly items: readonly ConfigItem[];
}

export const protocols: readonly Protocol[] = ["http", "https", "grpc", "tcp", "udp", "sctp", "mysql"];
export const protocolField: z.ZodType<Protocol> = z.enum(protocols);

const valueField: z.ZodType<ConfigValue> = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

const itemField: z.ZodType<ConfigItem> = withRule(
  z.strictObject({
    name: variableField.describe("The setting's name; with inject: env also the variable's name."),
    type: z.enum(["string", "single", "multiple", "secret", "integer", "boolean"]).default("string"),
    options: z.array(z.string()).min(1).exactOptional().describe("What single and multiple choose from."),
    default: valueField.exactOptional(),
    required: z.boolean().default(false),
    editable: z.boolean().default(true).describe("false: users can't change the default."),
    description: z.string().exactOptional(),
    min: z.int().exactOptional(),
    max: z.int().exactOptional(),
    pattern: z.string().min(1).exactOptional().describe("A regular expression that the whole of a string or secret must match."),
    protocol: z.array(protocolField).min(1).exactOptional().describe("Ports to which the item applies; only in port groups."),
  }),
  itemRules,
);

export const configGroupField: z.ZodType<ConfigGroup> = withRule(
  z.strictObject({
    group: nameField,
    dependsOn: z.enum(["none", "port", "downstream-port"]).default("none"),
    inject: z.enum(["env", "discovery"]).default("env"),
    description: z.string().exactOptional(),
    file: pathField.exactOptional().describe("Keeps the settings as this file in the plug-in's container, too; with inject: discovery."),
    items: z.array(itemField).min(1),
  }),
  groupRules,
);

/** The rules over all groups of one plug-in. */
export function* configRules(groups: unknown, path: readonly PropertyKey[]): Generator<PlainProblem> {
  const list = asRecords(groups);
  yield* duplicates(list, "group", path, "The group");
  const owner = new Map<unknown, unknown>();
  for (const [index, group] of list.entries()) {
    if ((group["inject"] ?? "env") !== "env") continue;
    for (const [at, item] of asRecords(group["items"]).entries()) {
      const other = owner.get(item["name"]);
      if (other !== undefined && other !== group["group"]) {
        yield {
          path: [...path, index, "items", at, "name"],
          code: "duplicate-name",
          message: `The variable ${JSON.stringify(item["name"])} stands in the group ${JSON.stringify(other)} too; both would set the same variable.`,
          hint: "Give one of them another name.",
        };
      }
      owner.set(item["name"], group["group"]);
    }
  }
}

function* groupRules(value: unknown): Generator<PlainProblem> {
  const group = asRecord(value);
  const dependsOn = group["dependsOn"] ?? "none";
  if (dependsOn !== "none" && (group["inject"] ?? "env") === "env") {
    yield {
      path: ["inject"],
      code: "wrong-value",
      message: `Settings that depend on a ${String(dependsOn)} can't be environment variables: there may be several ports.`,
      found: "env",
      expected: "discovery",
      hint: "Write `inject: discovery`.",
    };
  }
  if (group["file"] !== undefined && (group["inject"] ?? "env") === "env") {
    yield {
      path: ["file"],
      code: "wrong-value",
      message: "Only settings that discovery injects are kept as a file.",
      hint: "Write `inject: discovery`, or remove `file`.",
    };
  }
  const items = asRecords(group["items"]);
  yield* duplicates(items, "name", ["items"], "The item");
  for (const [index, item] of items.entries()) {
    if (item["protocol"] === undefined || dependsOn !== "none") continue;
    yield {
      path: ["items", index, "protocol"],
      code: "wrong-value",
      message: "Only items of a group that depends on ports have a protocol.",
      hint: "Remove `protocol`, or write `dependsOn: port` or `downstream-port` in the group.",
    };
  }
}

function* itemRules(value: unknown): Generator<PlainProblem> {
  const item = asRecord(value);
  const type = item["type"] ?? "string";
  const chooses = type === "single" || type === "multiple";
  if (chooses && item["options"] === undefined) {
    yield {
      path: ["options"],
      code: "missing-key",
      message: `An item of type ${type} needs options to choose from.`,
      hint: "Add `options: [a, b]`.",
    };
  }
  if (!chooses && item["options"] !== undefined) {
    yield {
      path: ["options"],
      code: "wrong-value",
      message: `An item of type ${String(type)} has no options.`,
      hint: "Write `type: single` or `type: multiple`.",
    };
  }
  for (const bound of ["min", "max"] as const) {
    if (item[bound] === undefined || type === "integer") continue;
    yield { path: [bound], code: "wrong-value", message: `Only an integer has a ${bound}.`, found: String(type), expected: "integer" };
  }
  yield* patternRules(item["pattern"], type);
  if (typeof item["min"] === "number" && typeof item["max"] === "number" && item["min"] > item["max"]) {
    yield { path: ["max"], code: "out-of-range", message: `max ${item["max"]} is below min ${item["min"]}.` };
  }
  if (type === "secret" && item["default"] !== undefined) {
    yield { path: ["default"], code: "wrong-value", message: "A secret has no default: it would stand in the file for all to read." };
  }
  if (item["editable"] === false && item["default"] === undefined) {
    yield {
      path: ["editable"],
      code: "missing-key",
      message: "An item that users can't change needs a default.",
      hint: "Add `default:`, or remove `editable: false`.",
    };
  }
  if (item["default"] !== undefined && type !== "secret") {
    const wrong = checkItemValue({ ...item, type } as unknown as ConfigItem, item["default"]);
    if (wrong !== undefined) yield { ...wrong, path: ["default"] };
  }
}

function* patternRules(pattern: unknown, type: unknown): Generator<PlainProblem> {
  if (pattern === undefined) return;
  if (type !== "string" && type !== "secret") {
    yield {
      path: ["pattern"],
      code: "wrong-value",
      message: "Only a string or a secret has a pattern.",
      found: String(type),
      expected: "string, secret",
    };
  }
  if (typeof pattern !== "string") return;
  try {
    wholly(pattern);
  } catch (error) {
    yield {
      path: ["pattern"],
      code: "wrong-value",
      message: `This is no regular expression: ${wordsOf(error)}.`,
      found: pattern,
    };
  }
}

const expressions = new Map<string, RegExp>();

/** The expression that the whole of a text must match. @throws SyntaxError */
function wholly(pattern: string): RegExp {
  const known = expressions.get(pattern) ?? new RegExp(`^(?:${pattern})$`, "u");
  expressions.set(pattern, known);
  return known;
}

/** A value that mentions variables or facts (`${pod.ip}`) is known only when the pod is composed. */
export function hasReference(value: unknown): boolean {
  return typeof value === "string" && value.includes("${");
}

/** What is wrong with a value for an item, or undefined. Says nothing of `required` and `editable`. */
export function checkItemValue(item: ConfigItem, value: unknown): Omit<PlainProblem, "path"> | undefined {
  const options = Array.isArray(item.options) ? item.options : [];
  switch (item.type) {
    case "string":
    case "secret":
      if (typeof value !== "string") return wrongType(item, "a string", value);
      // A secret is taken as it is; other texts are checked again when what they mention is known.
      return item.type === "string" && hasReference(value) ? undefined : checkPattern(item, value);
    case "boolean":
      return typeof value === "boolean" ? undefined : wrongType(item, "true or false", value);
    case "single":
      if (typeof value !== "string") return wrongType(item, "one of the options, as a string", value);
      return hasReference(value) ? undefined : checkOption(item, options, value);
    case "multiple": {
      if (!Array.isArray(value)) return wrongType(item, "a list of options", value);
      const strange = value.find((choice) => !options.includes(choice));
      return strange === undefined ? undefined : checkOption(item, options, strange);
    }
    case "integer":
      return checkInteger(item, value);
    default:
      return undefined;
  }
}

function checkOption(item: ConfigItem, options: readonly string[], value: unknown): Omit<PlainProblem, "path"> | undefined {
  if (typeof value === "string" && options.includes(value)) return undefined;
  return {
    code: "wrong-value",
    message: `${item.name} is ${JSON.stringify(value)}, which is not among its options.`,
    found: String(value),
    expected: options.join(", "),
    hint: `Choose from: ${options.join(", ")}.`,
  };
}

/** What is wrong with a text for an item that has a pattern, or undefined. */
export function checkPattern(item: ConfigItem, value: string): Omit<PlainProblem, "path"> | undefined {
  if (item.pattern === undefined || wholly(item.pattern).test(value)) return undefined;
  const shown = item.type === "secret" ? "the given text" : JSON.stringify(value);
  return {
    code: "wrong-value",
    message: `${item.name} is ${shown}, which does not match ${item.pattern}.`,
    ...(item.type === "secret" ? {} : { found: value }),
    expected: item.description ?? item.pattern,
  };
}

function checkInteger(item: ConfigItem, value: unknown): Omit<PlainProblem, "path"> | undefined {
  if (hasReference(value)) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return wrongType(item, "a whole number", value);
  const low = item.min ?? Number.MIN_SAFE_INTEGER;
  const high = item.max ?? Number.MAX_SAFE_INTEGER;
  if (value >= low && value <= high) return undefined;
  const expected = [item.min === undefined ? "" : `at least ${item.min}`, item.max === undefined ? "" : `at most ${item.max}`]
    .filter(Boolean)
    .join(", ");
  return { code: "out-of-range", message: `${item.name} is ${value}; it must be ${expected}.`, found: String(value), expected };
}

function wrongType(item: ConfigItem, expected: string, value: unknown): Omit<PlainProblem, "path"> {
  // A secret's own value must not be repeated in a message.
  const found = item.type === "secret" ? typeof value : (JSON.stringify(value) ?? "nothing");
  const quote = (item.type === "string" || item.type === "single") && (typeof value === "number" || typeof value === "boolean");
  return {
    code: "wrong-type",
    message: `${item.name} is ${found}; it must be ${expected}.`,
    found,
    expected,
    ...(quote ? { hint: `Quote it: "${String(value)}".` } : {}),
  };
}

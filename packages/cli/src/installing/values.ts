import { dirname } from "node:path";
import {
  asRecord,
  type ConfigGroup,
  type ConfigItem,
  type ConfigValues,
  configValuesField,
  countProblems,
  isSecretFrom,
  manifestInvalid,
  nearest,
  type PlainProblem,
  pluginErrors,
  readDocument,
  valueFromText,
  withoutPosition,
} from "@outrigger/plugin";
import { fetchSecret, mapValues } from "../project/secrets.ts";
import { readTextFile } from "../read-file.ts";
import { splitAssignment, type ValueOptions } from "./value-options.ts";

/** Group -> item -> value, or group -> port -> item -> value; null takes a value away. */
export type ValuesPatch = Readonly<Record<string, unknown>>;

/** Where an item stands: `[group, item]` or `[group, port, item]`. */
interface Place {
  readonly keys: readonly string[];
  readonly item: ConfigItem;
}

/** Reads a secret's text from wherever secrets come from. */
export type AskSecret = (what: string) => Promise<string>;

/**
 * The values that the options give, each of its item's type. Whether they are allowed is for the server to say.
 *
 * @throws values-invalid for groups and items that are not there, option-invalid, manifest-invalid for the values' file
 */
export async function readValues(
  plugin: string,
  config: readonly ConfigGroup[],
  options: Pick<ValueOptions, "set" | "unset" | "secret" | "file">,
  ask: AskSecret,
): Promise<ValuesPatch> {
  const problems: PlainProblem[] = [];
  let values: ValuesPatch = options.file === undefined ? {} : readValuesFile(options.file);
  const put = (text: string, value: (item: ConfigItem) => unknown): void => {
    const place = findPlace(config, text);
    if ("message" in place) problems.push(place);
    else values = setIn(values, place.keys, value(place.item));
  };
  for (const assignment of options.set ?? []) {
    const { place, text } = splitAssignment(assignment, "configure");
    put(place, (item) => {
      if (item.type !== "secret") return valueFromText(item, text);
      problems.push(secretInArguments(place));
      return null;
    });
  }
  for (const place of options.unset ?? []) put(place, () => null);
  const secrets = (options.secret ?? []).map((place) => ({ place, found: findPlace(config, place) }));
  problems.push(...secrets.flatMap(({ found }) => ("message" in found ? [found] : [])));
  if (problems.length > 0) {
    throw pluginErrors["values-invalid"](
      { plugin, count: countProblems(problems.length) },
      { problems: problems.map((problem) => withoutPosition(problem)) },
    );
  }
  for (const { place, found } of secrets) if ("keys" in found) values = setIn(values, found.keys, await ask(place));
  return values;
}

/** The item that `group.item` or `group.port.item` names. Items may have dots in their names; groups and ports have none. */
export function findPlace(config: readonly ConfigGroup[], text: string): Place | PlainProblem {
  const [groupName = "", ...rest] = text.split(".");
  const group = config.find((each) => each.group === groupName);
  if (group === undefined)
    return unknown(
      "group",
      groupName,
      text,
      config.map((each) => each.group),
    );
  const port = group.dependsOn === "none" ? [] : rest.slice(0, 1);
  const itemName = rest.slice(port.length).join(".");
  const item = group.items.find((each) => each.name === itemName);
  if (item !== undefined) return { keys: [groupName, ...port, itemName], item };
  const form = group.dependsOn === "none" ? [] : ["PORT"];
  return unknown(
    "item",
    itemName,
    text,
    group.items.map((each) => [groupName, ...form, each.name].join(".")),
  );
}

/** A copy with one value set, however deep; `__proto__` is a key like any other. */
export function setIn(values: ValuesPatch, keys: readonly string[], value: unknown): ValuesPatch {
  const [key, ...rest] = keys;
  if (key === undefined) return values;
  const inner = Object.hasOwn(values, key) ? asRecord(values[key]) : {};
  const kept = Object.entries(values).filter(([name]) => name !== key);
  return Object.fromEntries([...kept, [key, rest.length === 0 ? value : setIn(inner, rest, value)]]);
}

/** Reads a file of values; secrets may come from variables and files, as in app.yaml. */
function readValuesFile(file: string): ConfigValues {
  const reading = readDocument(readTextFile(file), file, configValuesField);
  if (!reading.ok) throw manifestInvalid(file, reading.problems);
  const { value, source } = reading.value;
  return mapValues(value, [], (each, path) => {
    if (!isSecretFrom(each)) return each;
    const fetched = fetchSecret(each, dirname(file));
    if ("text" in fetched) return fetched.text;
    throw manifestInvalid(file, [source.place({ path, code: "value-required", message: fetched.reason })]);
  });
}

function unknown(what: string, name: string, text: string, known: readonly string[]): PlainProblem {
  const meant = nearest(what === "group" ? name : text, known);
  return {
    path: [],
    code: "unknown-key",
    message: `There is no ${what} ${JSON.stringify(name)} (in ${JSON.stringify(text)}).`,
    found: text,
    expected: known.join(", "),
    hint: meant === undefined ? `Known: ${known.join(", ") || "none"}.` : `Did you mean ${JSON.stringify(meant)}?`,
  };
}

function secretInArguments(place: string): PlainProblem {
  return {
    path: place.split("."),
    code: "wrong-value",
    message: "A secret can't be an argument: other users of the machine see those.",
    hint: `Write --secret ${place} and type it, or pipe it in.`,
  };
}

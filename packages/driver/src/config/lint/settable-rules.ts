import type { PluginConfig } from "../plugin-config.ts";
import { failure, type PlainFinding, warning } from "./finding.ts";

interface Item {
  readonly kind: "env" | "mounts" | "devices" | "args";
  readonly name: string;
  readonly settable: readonly string[];
  readonly path: readonly PropertyKey[];
  /** The one field that can be set at all. */
  readonly field: "value" | "source" | "path";
}

/** In the order in which `docker plugin set` looks for a name. */
function itemsOf(config: PluginConfig): readonly Item[] {
  const { Args } = config;
  const args = Args.Name !== "" || (Args.Value ?? []).length > 0 || (Args.Settable ?? []).length > 0 ? [Args] : [];
  return [
    ...(config.Env ?? []).map((each, index) => itemOf("env", "value", each, ["Env", index])),
    ...(config.Mounts ?? []).map((each, index) => itemOf("mounts", "source", each, ["Mounts", index])),
    ...(config.Linux.Devices ?? []).map((each, index) => itemOf("devices", "path", each, ["Linux", "Devices", index])),
    ...args.map((each) => itemOf("args", "value", each, ["Args"])),
  ];
}

function itemOf(
  kind: Item["kind"],
  field: Item["field"],
  { Name, Settable }: { readonly Name: string; readonly Settable: readonly string[] | null },
  path: readonly PropertyKey[],
): Item {
  return { kind, field, name: Name, settable: Settable ?? [], path };
}

export function* settableRules(config: PluginConfig): Generator<PlainFinding> {
  const first = new Map<string, Item>();
  for (const item of itemsOf(config)) {
    yield* fieldRules(item);
    yield* nameRules(item);
    const earlier = first.get(item.name);
    if (earlier === undefined) first.set(item.name, item);
    else if (item.settable.length > 0 || earlier.settable.length > 0 || (item.kind === "env" && earlier.kind === "env")) {
      const message =
        item.kind === earlier.kind
          ? `${JSON.stringify(item.name)} stands twice in ${item.kind}; the first is the one that is set.`
          : `${JSON.stringify(item.name)} stands in ${earlier.kind} too, and is the one that is set.`;
      const words = { found: item.name, hint: "Give each a name of its own." };
      yield (item.settable.length > 0 ? failure : warning)([...item.path, "Name"], "duplicate-name", message, words);
    }
  }
  for (const [index, { Name, Value, Settable }] of (config.Env ?? []).entries()) {
    if (Value !== null || (Settable ?? []).length > 0) continue;
    const words = { found: "null", hint: 'Give it a value ("" is one), make it settable, or remove it.' };
    yield warning(
      ["Env", index, "Value"],
      "value-required",
      `${Name} has no value and can't be set, so it never reaches the driver.`,
      words,
    );
  }
}

function* fieldRules({ kind, settable, path, field }: Item): Generator<PlainFinding> {
  for (const [index, each] of settable.entries()) {
    if (each === field) continue;
    yield failure([...path, "Settable", index], "wrong-value", `Of ${kind} only "${field}" can be set, not ${JSON.stringify(each)}.`, {
      found: each,
      expected: field,
    });
  }
  if (settable.length > 1) {
    yield failure([...path, "Settable"], "wrong-value", "Where several fields are settable, every `set` must name one.", {
      found: settable.join(", "),
      expected: `["${field}"]`,
    });
  }
}

function* nameRules({ kind, name, settable, path }: Item): Generator<PlainFinding> {
  const at = [...path, "Name"];
  if (kind === "env" && (name === "" || name.includes("="))) {
    yield failure(at, "wrong-value", `${JSON.stringify(name)} is no name of a variable.`, { found: name });
  } else if (settable.length > 0 && (name === "" || name.includes("="))) {
    yield failure(at, "wrong-value", `What is called ${JSON.stringify(name)} can't be set: \`set\` is NAME=VALUE.`, { found: name });
  } else if (settable.length > 0 && name.includes(".")) {
    const words = { found: name, expected: "a name without dots" };
    yield failure(
      at,
      "wrong-value",
      "`set` takes what follows the last dot of a name for a field, so this can't be set by its name alone.",
      words,
    );
  }
}

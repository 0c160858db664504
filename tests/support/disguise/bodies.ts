import type { Random } from "./random.ts";

type Tree = Readonly<Record<string, unknown>>;
type BodyDisguise = (body: Tree, random: Random) => Tree;
type TextDisguise = (text: string, random: Random) => string;

/** Marks a key that stands twice: what follows the mark is not part of it. */
const again = "\u0000again";

const folds: Readonly<Record<string, string>> = { s: "\u017f", S: "\u017f", k: "\u212a", K: "\u212a" };

function mangled(key: string, random: Random): string {
  const style = random.below(4);
  return [...key]
    .map((letter) => {
      if (style === 0) return letter.toLowerCase();
      if (style === 1) return letter.toUpperCase();
      if (style === 2) return folds[letter] ?? letter;
      return random.chance(0.5) ? letter.toLowerCase() : letter.toUpperCase();
    })
    .join("");
}

function mapKeys(value: unknown, change: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => mapKeys(element, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [change(key), mapKeys(inner, change)]));
}

function hostOf(body: Tree): Tree {
  const host = body["HostConfig"];
  return typeof host === "object" && host !== null ? (host as Tree) : {};
}

const bodyDisguises: readonly BodyDisguise[] = [
  (body, random) => mapKeys(body, (key) => mangled(key, random)) as Tree,
  (body, random) => mapKeys(body, (key) => (random.chance(0.3) ? mangled(key, random) : key)) as Tree,
  // The same key twice, the harmless one first or last.
  (body) => ({
    HostConfig: {},
    ...Object.fromEntries(Object.entries(body).map(([key, value]) => [key === "HostConfig" ? `HostConfig${again}` : key, value])),
  }),
  (body) => ({ ...body, [`HostConfig${again}`]: { CpuShares: 5 } }),
  (body) => ({ ...body, hostConfig: { CpuShares: 5 } }),
  (body) => ({ hostconfig: null, ...body }),
  (body) => ({
    ...body,
    HostConfig: {
      ...Object.fromEntries(
        Object.entries(hostOf(body)).flatMap(([key, value]) => [
          [key, value],
          [`${key}${again}`, harmlessLike(value)],
        ]),
      ),
    },
  }),
  (body) => ({
    ...body,
    HostConfig: {
      ...Object.fromEntries(
        Object.entries(hostOf(body)).flatMap(([key, value]) => [
          [key.toLowerCase(), harmlessLike(value)],
          [key, value],
        ]),
      ),
    },
  }),
  // Beside HostConfig, where engines before API 1.18 had it.
  (body) => ({ ...body, HostConfig: undefined, ...hostOf(body) }),
  (body) => ({ ...body, ...hostOf(body), HostConfig: { CpuShares: 5 } }),
  (body) => ({
    ...body,
    HostConfig: Object.fromEntries(
      Object.entries(hostOf(body)).map(([key, value]) => [key, Array.isArray(value) && value.length === 1 ? value[0] : value]),
    ),
  }),
  (body) => ({
    ...body,
    HostConfig: Object.fromEntries(
      Object.entries(hostOf(body)).map(([key, value]) => [key, value === true ? "true" : value === "host" ? "HOST" : value]),
    ),
  }),
  (body) => ({ __proto__: null, ...body, Unknown: { HostConfig: {} } }),
  (body) => ({ ...body, HostConfig: [hostOf(body)] }),
  (body) => ({ ...body, HostConfig: { ...hostOf(body), Binds: paths(hostOf(body)["Binds"]) } }),
];

function harmlessLike(value: unknown): unknown {
  if (typeof value === "boolean") return false;
  if (typeof value === "string") return "";
  return Array.isArray(value) ? [] : {};
}

/** Other ways to write the same path. */
function paths(binds: unknown): unknown {
  if (!Array.isArray(binds)) return undefined;
  return binds.map((bind: string) => bind.replace(/^\//, "/srv/..//").replace(/^\/srv/, "/proc/self/root/srv"));
}

const textDisguises: readonly TextDisguise[] = [
  (text) => `\ufeff${text}`,
  (text) => `${text}{"HostConfig":{}}`,
  (text) => `${text} null`,
  (text) => `{}${text}`,
  (text) => `[${text}]`,
  (text) => text.replace(/"([A-Za-z])/g, (_, letter: string) => `"\\u00${letter.charCodeAt(0).toString(16)}`),
  (text, random) => text.replace(/[,:{}]/g, (mark) => mark + random.pick(["", " ", "\n", "\t", "\r"])),
  (text) => text.replace(/"Privileged"/i, '"Privi\\u006ceged"'),
  (text) => text.replaceAll('"', "'"),
  (text) => `/* */${text}`,
  (text) => text.replace(/true/, "1").replace(/"host"/, '"host\\u0000"'),
  (text) => text.replace("{", `{"padding":"${"x".repeat(70_000)}",`),
  (text) => text.replace("{", `{"padding":"\ud83d\ude00 \u00e9",`),
];

/** A body's text, disguised in a few ways at once. */
export function disguiseBody(body: Tree, random: Random): string {
  let tree = body;
  for (let left = random.below(3); left > 0; left -= 1) tree = random.pick(bodyDisguises)(tree, random);
  let text = JSON.stringify(tree).replaceAll("\\u0000again", "");
  for (let left = random.below(2); left > 0; left -= 1) text = random.pick(textDisguises)(text, random);
  return text;
}

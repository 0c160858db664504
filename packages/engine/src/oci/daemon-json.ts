import { wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";

export interface RuntimeRegistration {
  /** As `docker run --runtime` has it. */
  readonly name: string;
  /** Absolute path of the wrapper. */
  readonly path: string;
  /** Also for containers that name no runtime. */
  readonly asDefault: boolean;
}

type DaemonConfig = Record<string, unknown>;

/** The text of a daemon.json with the runtime in it; everything else stays. The text that came, where nothing changes. @throws daemon-json-invalid */
export function withRuntime(file: string, text: string, { name, path, asDefault }: RuntimeRegistration): string {
  const config = parse(file, text);
  const runtimes = runtimesOf(file, config);
  return render(text, config, {
    ...config,
    runtimes: { ...runtimes, [name]: { path } },
    ...(asDefault ? { "default-runtime": name } : {}),
  });
}

/**
 * The text without the runtime, if it is this wrapper's. What the engine would keep on a reload where the file says nothing is said: no runtimes, `runc` the default.
 * @throws daemon-json-invalid
 */
export function withoutRuntime(file: string, text: string, { name, path }: Pick<RuntimeRegistration, "name" | "path">): string {
  const config = parse(file, text);
  const { [name]: ours, ...others } = runtimesOf(file, config);
  if (ours === undefined || pathOf(ours) !== path) return text;
  const wasDefault = config["default-runtime"] === name;
  return render(text, config, { ...config, runtimes: others, ...(wasDefault ? { "default-runtime": "runc" } : {}) });
}

/** The program of a runtime that daemon.json names; undefined where it names none so. @throws daemon-json-invalid */
export function runtimePath(file: string, text: string, name: string): string | undefined {
  const found = runtimesOf(file, parse(file, text))[name];
  return found === undefined ? undefined : pathOf(found);
}

function pathOf(runtime: unknown): string | undefined {
  return isObject(runtime) && typeof runtime["path"] === "string" ? runtime["path"] : undefined;
}

function parse(file: string, text: string): DaemonConfig {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    throw engineErrors["daemon-json-invalid"]({ file, reason: wordsOf(error) }, { cause: error });
  }
  throw engineErrors["daemon-json-invalid"]({ file, reason: "it holds no object" });
}

function runtimesOf(file: string, config: DaemonConfig): DaemonConfig {
  const runtimes = config["runtimes"] ?? {};
  if (!isObject(runtimes)) throw engineErrors["daemon-json-invalid"]({ file, reason: "its runtimes are no object" });
  return runtimes;
}

/** In the indentation of the text that came. */
function render(text: string, before: DaemonConfig, after: DaemonConfig): string {
  if (JSON.stringify(before) === JSON.stringify(after)) return text;
  const [, indentation = "  "] = /^\s*\{\r?\n([ \t]+)/.exec(text) ?? [];
  return `${JSON.stringify(after, undefined, indentation)}\n`;
}

function isObject(value: unknown): value is DaemonConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What differs, as `diff -u` shows it with its context of all lines: `-` goes, `+` comes. Empty where nothing does. */
export function textDiff(before: string, after: string): string {
  if (before === after) return "";
  const [from, to] = [before, after].map((text) => text.replace(/\n$/, "").split("\n"));
  if (from === undefined || to === undefined) return "";
  if (before === "") from.length = 0;
  let head = 0;
  while (head < Math.min(from.length, to.length) && from[head] === to[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(from.length, to.length) - head && from.at(-1 - tail) === to.at(-1 - tail)) tail += 1;
  const same = (line: string): string => ` ${line}`;
  return [
    ...from.slice(0, head).map(same),
    ...from.slice(head, from.length - tail).map((line) => `-${line}`),
    ...to.slice(head, to.length - tail).map((line) => `+${line}`),
    ...from.slice(from.length - tail).map(same),
  ].join("\n");
}

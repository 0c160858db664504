import { stripVTControlCharacters } from "node:util";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text of a host or plug-in without what would move the cursor, set the title, or ask the terminal something. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replaceAll(controls, "");
}

interface NamedTask {
  readonly task: string;
  readonly host: string;
}

/** `PreInit motd on 10.0.0.2`, `create create.sh on 10.0.0.1`. */
export function taskWords({ task, host }: NamedTask): string {
  return `${partsOf(task)[0]} ${partWords({ task, host })}`;
}

/** The same without the phase or step, for where that stands above. */
export function partWords({ task, host }: NamedTask): string {
  const [, part] = partsOf(task);
  return host === "-" ? part : `${part} on ${host}`;
}

/** `PreInit/motd/10.0.0.2` -> PreInit, motd; `create:create.sh/10.0.0.1` -> create, create.sh. */
function partsOf(task: string): readonly [stage: string, part: string] {
  const words = task.replace(/^undo\//, "").split("/");
  const [step, ...rest] = (words[0] ?? "").split(":");
  const part = rest.length > 0 ? rest.join(":") : (words[1] ?? "");
  return [`${task.startsWith("undo/") ? "undo " : ""}${step}`, part];
}

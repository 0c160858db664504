import { stripVTControlCharacters } from "node:util";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text of a host or plug-in without what would move the cursor, set the title, or ask the terminal something. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replaceAll(controls, "");
}

/** `PreInit motd on 10.0.0.2`. */
export function taskWords({ task, host }: { readonly task: string; readonly host: string }): string {
  const words = task.split("/").slice(0, -1).join(" ");
  return host === "-" ? words : `${words} on ${host}`;
}

import type { OutputFormat } from "../options.ts";

/** Prints a value as JSON or YAML, or as the text made for people. */
export async function print(format: OutputFormat, value: unknown, text: () => string): Promise<void> {
  process.stdout.write(`${(await render(format, value, text)).trimEnd()}\n`);
}

async function render(format: OutputFormat, value: unknown, text: () => string): Promise<string> {
  if (format === "json") return JSON.stringify(value, undefined, 2);
  if (format === "yaml") return toYaml(value);
  return text();
}

/** YAML without aliases and folded lines, so that it can be compared and edited. */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** One line for people, on the error stream so that piped output stays clean. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

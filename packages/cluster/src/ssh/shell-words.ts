import { clusterErrors } from "../errors.ts";

/** Text as one word of bash, whatever it holds but NUL. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Bash gives these their value by itself, or takes none. */
const ownNames = new Set(
  "BASHOPTS BASHPID DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD LINENO PIPESTATUS PPID RANDOM SECONDS SHELLOPTS SRANDOM UID _".split(
    " ",
  ),
);

/** Lines that export variables. @throws task-variable-invalid */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      const reason = refusalOf(name, value);
      if (reason !== undefined) throw clusterErrors["task-variable-invalid"]({ name: JSON.stringify(name), reason });
      return `export ${name}=${quoteWord(value)}\n`;
    })
    .join("");
}

function refusalOf(name: string, value: string): string | undefined {
  if (!namePattern.test(name)) return "bash does not take the name";
  if (ownNames.has(name) || (name.startsWith("BASH_") && name !== "BASH_ENV")) return "bash keeps the name for itself";
  return value.includes("\0") ? "its value holds a NUL" : undefined;
}

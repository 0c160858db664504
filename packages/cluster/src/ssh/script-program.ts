import { clusterErrors } from "../errors.ts";
import type { HostScript } from "../plan/plan.ts";
import { exportLines, quoteWord } from "./shell-words.ts";

/** A script whose text bash can hold. @throws task-variable-invalid */
export function scriptText({ text }: HostScript): string {
  if (text.includes("\0")) throw clusterErrors["task-variable-invalid"]({ name: "the script", reason: "it holds a NUL" });
  return text;
}

/**
 * A bash function `script FILE` that becomes the script in FILE: in a session of its own, without a terminal and with nothing on stdin. Its variables are
 * exported last, for they may have any name.
 */
export function scriptFunction(script: HostScript, secrets: Readonly<Record<string, string>>): string {
  const folder = script.workingDirectory === undefined ? undefined : quoteWord(script.workingDirectory);
  const lines = [
    "own=",
    "if hash setsid 2>/dev/null; then own=${BASH_CMDS[setsid]}; fi",
    "script() {",
    "  trap - HUP USR1",
    ...(folder !== undefined && script.skipWithoutDirectory ? [`  [[ -d ${folder} ]] || exit 0`] : []),
    ...(folder === undefined ? [] : [`  cd -- ${folder} || exit 1`]),
    `  set -- "$own" "$BASH" ${script.strict ? "-euo pipefail" : ""} "$1"`,
    exportLines({ ...script.env, ...secrets }),
    '  exec ${1:+"$1"} "${@:2}" </dev/null',
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** Bash functions that start a group of processes and end it. */
export const groupFunctions: string = `# Starts its words in the background as a group of processes, whose number is then in $group.
in_group() {
  # Without setsid: jobs are groups of their own where bash controls them.
  [[ -n $own ]] || set -m
  "$@" & group=$!
  set +m
}
# Waits for so many seconds: a pipe whose both ends are here never has anything to read.
quiet() { [[ -n \${never-} ]] || exec {never}<> <(:); }
nothing() {
  quiet
  read -r -t "$1" -u "$never"
}
# TERM for the whole group, and KILL after 5 s for what is left.
end_group() {
  kill -TERM -- "-$1" || kill -TERM "$1"
  local i
  for ((i = 0; i < 100; i += 1)); do
    kill -0 -- "-$1" || return 0
    nothing 0.05
  done
  kill -KILL -- "-$1"
} 2>/dev/null
`;

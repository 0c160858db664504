import { createHash } from "node:crypto";
import { clusterErrors } from "../errors.ts";
import type { HostScript } from "../plan/plan.ts";
import type { HostConnection } from "../ssh/host-connection.ts";
import type { Run } from "./run-parts.ts";

/** On tmpfs: what a script gives here are secrets. */
export const outputFolder: string = "/run/outrigger/outputs";

/** Where a task's script writes `KEY=value` lines for later scripts; there until the run is done. */
function outputFile(run: string, task: string): string {
  return `${outputFolder}/${createHash("sha256").update(`${run}/${task}`).digest("hex").slice(0, 32)}`;
}

/** The script with OUTRIGGER_OUTPUT, a file that is made before it begins, for root alone. */
export function withOutput(run: string, task: string, script: HostScript): HostScript {
  const file = outputFile(run, task);
  const prepare = `install -d -m 0700 ${outputFolder} && (umask 077 && : > ${file})`;
  return { ...script, text: `${prepare}; ${script.text}`, env: { ...script.env, OUTRIGGER_OUTPUT: file } };
}

/**
 * Takes what a script has given, if there is anything: KUBECONFIG is noted in the journal, everything else is a secret, held in memory for later scripts.
 * @throws script-output-invalid
 */
export async function takeOutput(run: Run, connection: HostConnection, task: string): Promise<void> {
  const file = outputFile(run.run, task);
  const { exit, stdout, stderr } = await connection.exec(plainScript(`[ ! -e ${file} ] || cat -- ${file}`), {
    timeout: 30_000,
    signal: run.signal,
  });
  const { ip } = connection.host;
  if (exit !== 0) throw clusterErrors["script-output-unreadable"]({ task, host: ip, reason: stderr.trim() });
  for (const [name, value] of parseOutput(stdout, task, ip)) {
    if (name === "KUBECONFIG") {
      if (value !== run.record.kubeconfig) await run.note({ event: "kubeconfig", path: value });
      continue;
    }
    run.secrets.add(value);
    run.outputs.set(name, value);
  }
}

/** A script of our own without anything around it. */
export function plainScript(text: string): HostScript {
  return { text, env: {}, strict: true, skipWithoutDirectory: false };
}

/** @throws script-output-invalid: the line's number alone is told, since the line may be a secret */
export function parseOutput(text: string, task: string, host: string): readonly (readonly [name: string, value: string])[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*?)\r?$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw clusterErrors["script-output-invalid"]({ task, host, line: index + 1 });
    return [[name, value] as const];
  });
}

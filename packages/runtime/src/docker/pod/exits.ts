import { constants } from "node:os";
import { formatMemory } from "@outrigger/plugin";
import type { DockerClient } from "../client/client.ts";
import { unlessMissing } from "../client/refusal.ts";
import { frames, lines } from "../client/streams.ts";
import type { ObservedContainer } from "./observe.ts";

/** How a container came to its end. */
export interface Ending {
  /** As PodEvent.reason. */
  readonly event: "out-of-memory" | "killed" | "exited";
  readonly text: string;
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
// The engine gives the exit code of a process ended by a signal as 128 and the signal's number.
const signalBase = 128;

/** An exit in words: `out of memory (limit 64Mi)`, `killed by SIGKILL (exit 137)`, `exit 1: last line of its log`. */
export function describeExit({ exitCode, outOfMemory, spec }: ObservedContainer, lastLine: string | undefined): Ending {
  const memory = spec.resources.limits.memory;
  if (outOfMemory)
    return { event: "out-of-memory", text: `out of memory${memory === undefined ? "" : ` (limit ${formatMemory(memory)})`}` };
  const after = lastLine === undefined ? "" : `: ${lastLine}`;
  const signal = signalNames.get(exitCode - signalBase);
  if (signal !== undefined) return { event: "killed", text: `killed by ${signal} (exit ${exitCode})` };
  return { event: "exited", text: `exit ${exitCode}${after}` };
}

const longestLine = 300;

/** The last line that a container wrote; undefined when it wrote none. */
export async function lastLogLine(client: DockerClient, id: string): Promise<string | undefined> {
  const answer = await unlessMissing(client.stream("GET", `/containers/${id}/logs`, { query: { stdout: true, stderr: true, tail: 5 } }));
  if (answer === undefined) return undefined;
  const texts = await Array.fromAsync(lines(frames(answer)), ({ text }) => text.trim());
  const last = texts.filter(Boolean).at(-1);
  return last !== undefined && last.length > longestLine ? `${last.slice(0, longestLine)}...` : last;
}

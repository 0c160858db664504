import type { RequestTrace, ShownCall, TraceChange } from "@outrigger/engine";
import { paint } from "../output/paint.ts";

/** One line: when, which request, who asked, what came of it. */
export function traceLine({ id, time, method, target, client, calls, status }: RequestTrace): string {
  const what = method === null ? [...new Set(calls.map(({ hook }) => hook))].join(", ") : `${method} ${target}`;
  const changed = calls.filter(({ decision }) => decision !== "unchanged").map(({ plugin, decision }) => `${plugin} ${decision}`);
  const spent = calls.reduce((sum, call) => sum + call.milliseconds, 0);
  return [
    time,
    id,
    client?.user ?? client?.process?.user ?? "-",
    what,
    status ?? "-",
    `${spent.toFixed(1)}ms`,
    changed.join(", ") || "unchanged",
  ].join("  ");
}

/** A request with every call of a plug-in and what each changed. */
export function traceText(trace: RequestTrace): string {
  return [traceLine(trace), ...trace.calls.flatMap(callLines)].join("\n");
}

/** What one plug-in did, its changes as lines of a diff. */
export function callLines({
  plugin,
  version,
  hook,
  milliseconds,
  decision,
  changes,
  refusal,
  failure,
  warnings,
}: ShownCall): readonly string[] {
  const head = `  ${paint("bold", `${plugin}@${version}`)} ${hook}: ${decision} (${milliseconds.toFixed(1)} ms)`;
  const words = [
    ...(refusal === undefined
      ? []
      : [
          `refused: ${refusal.message}${refusal.code === undefined ? "" : ` (${refusal.code})`}`,
          ...(refusal.hint === undefined ? [] : [`hint: ${refusal.hint}`]),
        ]),
    ...(failure === undefined ? [] : [`failed: ${failure}`]),
    ...warnings.map((warning) => `warned: ${warning}`),
  ];
  return [head, ...words.map((line) => `    ${line}`), ...changes.flatMap(changeLines)];
}

function changeLines({ op, path, before, value }: TraceChange): readonly string[] {
  return [
    ...(op === "add" ? [] : [paint("red", `    - ${path} ${JSON.stringify(before)}`)]),
    ...(op === "remove" ? [] : [paint("green", `    + ${path} ${JSON.stringify(value)}`)]),
  ];
}

/** Why a request was refused, in words; undefined where no plug-in refused it. */
export function explanation(trace: RequestTrace): string | undefined {
  const last = trace.calls.findLast(({ decision }) => decision === "refused" || decision === "failed");
  if (last === undefined) return undefined;
  const { plugin, version, hook, refusal, failure } = last;
  const changes = trace.calls.slice(0, trace.calls.indexOf(last)).filter((call) => call.changes.length > 0);
  const why =
    refusal === undefined
      ? `${plugin}@${version} failed at ${hook}: ${failure ?? "unknown"}.`
      : `${plugin}@${version} refused it at ${hook}: ${refusal.message}`;
  return [
    `${trace.id}: ${trace.method ?? ""} ${trace.target ?? ""}`.trimEnd(),
    why,
    ...(refusal?.code === undefined ? [] : [`Code: ${refusal.code}`]),
    ...(refusal?.hint === undefined ? [] : [`Hint: ${refusal.hint}`]),
    ...(changes.length === 0
      ? ["No plug-in had changed the request before."]
      : ["Before that, plug-ins had changed the request:", ...changes.flatMap(callLines)]),
  ].join("\n");
}

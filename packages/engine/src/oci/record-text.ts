import type { HookRecord, RuntimeHook } from "./hook-record.ts";
import { ociStages } from "./order-hooks.ts";

/**
 * A record as the runtime wrapper reads it, made so that awk needs no JSON for it: a heading, a line `STAGE before|after HOOK[,HOOK...]`
 * for each list that is not empty, each HOOK as its JSON text, then `end`. Without any hook there is only the heading `outrigger-hooks 1 none`.
 */
export function recordText(record: HookRecord): string {
  const lines = ociStages.flatMap((stage) => {
    const { before = [], after = [] } = record[stage] ?? {};
    return [...line(stage, "before", before), ...line(stage, "after", after)];
  });
  return lines.length === 0 ? "outrigger-hooks 1 none\n" : ["outrigger-hooks 1", ...lines, "end", ""].join("\n");
}

function line(stage: string, place: "before" | "after", hooks: readonly RuntimeHook[]): readonly string[] {
  return hooks.length === 0 ? [] : [`${stage} ${place} ${hooks.map((hook) => JSON.stringify(hook)).join(",")}`];
}

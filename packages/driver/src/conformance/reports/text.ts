import type { CheckResult, ConformanceReport } from "../report.ts";

/** Colours for the outcome's word; plain by default. */
export type Painter = (outcome: "held" | "failed" | "warning" | "skipped", text: string) => string;

/** One check as lines for people; what did not hold is explained. */
export function resultText(
  { id, level, title, outcome, reason, failure, milliseconds }: CheckResult,
  paint: Painter = (_, text) => text,
): string {
  const kind = outcome === "failed" && level === "SHOULD" ? "warning" : outcome;
  const word = { held: "ok", failed: "FAILED", warning: "warning", skipped: "left out" }[kind];
  const head = `${paint(kind, word.padEnd(8))}  ${level.padEnd(6)}  ${id}${outcome === "held" && milliseconds >= 1_000 ? ` (${milliseconds} ms)` : ""}`;
  if (outcome === "held") return head;
  if (failure === undefined) return `${head}: ${reason ?? ""}`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["asked", title],
    ["sent", failure.sent],
    ["got", failure.got],
    ["expected", failure.expected],
    ["but", failure.found],
    ["matters", failure.because],
    ["mend", failure.mend],
  ];
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
  return [head, ...shown.map(([name, text]) => `            ${`${name}:`.padEnd(10)}${oneLine(text)}`)].join("\n");
}

/** The closing count. */
export function closingText({ counts, passed, interfaces, milliseconds, profile }: ConformanceReport): string {
  const what = interfaces.length === 0 ? "no interface that can be tested" : interfaces.join(", ");
  const parts = [
    `${counts.held} held`,
    `${counts.failed} failed`,
    `${counts.warnings} ${counts.warnings === 1 ? "warning" : "warnings"}`,
    `${counts.skipped} left out`,
  ];
  return `${what}, as engine ${profile} asks: ${parts.join(", ")}, in ${(milliseconds / 1000).toFixed(1)} s. ${passed ? "Passed." : "Not passed."}`;
}

/** The whole report. */
export function textReport(report: ConformanceReport, paint?: Painter): string {
  return [...report.results.map((result) => resultText(result, paint)), "", closingText(report), ""].join("\n");
}

function oneLine(text: string): string {
  const shown = text.length <= 400 ? text : `${text.slice(0, 400)}...`;
  return shown.replaceAll(/\s*\n\s*/g, " ");
}

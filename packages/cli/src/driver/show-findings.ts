import type { Finding } from "@outrigger/driver";
import { formatProblem } from "@outrigger/plugin";

/** One finding after the other, each with its severity before it. */
export function showFindings(findings: readonly Finding[]): string {
  return findings.map((finding) => `${finding.severity}: ${formatProblem(finding)}`).join("\n");
}

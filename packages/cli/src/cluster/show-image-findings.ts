import type { ImageFinding } from "@outrigger/cluster";
import { formatProblem } from "@outrigger/plugin";

/** One finding after the other, each with its severity before it. */
export function showImageFindings(findings: readonly ImageFinding[]): string {
  return findings.map((finding) => `${finding.severity}: ${formatProblem(finding)}`).join("\n");
}

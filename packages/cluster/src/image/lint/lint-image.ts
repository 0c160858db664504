import type { FileTree, Platform } from "@outrigger/registry";
import type { ClusterImageKind } from "../cluster-image.ts";
import type { ImageRecord } from "../image-record.ts";
import type { ImageFinding } from "./finding.ts";
import { layoutFindings } from "./layout-rules.ts";
import { pluginFindings } from "./plugin-rules.ts";
import { programFindings } from "./program-rules.ts";
import { scriptFindings } from "./script-rules.ts";

export interface LintRequest {
  readonly tree: FileTree;
  readonly kind: ClusterImageKind;
  readonly platform: Platform;
  readonly documents: ImageRecord["documents"];
}

/** Everything that shows to be wrong with a rootfs before a cluster is made of it. Nothing of it is run. */
export async function lintImage({ tree, kind, platform, documents }: LintRequest): Promise<readonly ImageFinding[]> {
  const findings = [
    ...(await layoutFindings(tree, kind)),
    ...(await pluginFindings(tree, documents)),
    ...(await scriptFindings(tree)),
    ...(await programFindings(tree, platform)),
  ];
  return findings.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

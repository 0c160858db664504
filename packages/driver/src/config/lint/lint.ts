import { type PlainProblem, type Problem, withoutPosition } from "@outrigger/plugin";
import type { FileTree } from "@outrigger/registry";
import type { PluginConfig } from "../plugin-config.ts";
import type { Finding } from "./finding.ts";
import { hostRules } from "./host-rules.ts";
import { interfaceRules } from "./interface-rules.ts";
import { entrypointRules, rootfsRules } from "./rootfs-rules.ts";
import { settableRules } from "./settable-rules.ts";

export interface LintInput {
  readonly config: PluginConfig;
  /** Without it nothing is said of the files. */
  readonly rootfs?: FileTree;
  /** As Go names it, e.g. `amd64`; absent: any. */
  readonly architecture?: string;
  /** See `ConfigFile.place`; absent: findings have no lines. */
  readonly place?: (problem: PlainProblem) => Problem;
}

/** Everything about a managed plug-in that an engine takes without a word and that fails, or surprises, later. Errors come first. */
export async function lintDriver({ config, rootfs, architecture, place = withoutPosition }: LintInput): Promise<readonly Finding[]> {
  const plain = [...interfaceRules(config), ...entrypointRules(config), ...settableRules(config), ...hostRules(config)];
  if (rootfs !== undefined) plain.push(...(await Array.fromAsync(rootfsRules(config, rootfs, architecture))));
  const findings = plain.map(({ severity, ...problem }): Finding => ({ severity, ...place(problem) }));
  return findings.toSorted((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning") || a.line - b.line);
}

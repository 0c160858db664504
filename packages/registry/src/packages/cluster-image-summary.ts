import * as z from "zod";

/** Annotations of a cluster image's manifest: what it is, without its layers being read. */
export const clusterImageAnnotations = {
  kind: "dev.outrigger.cluster.kind",
  /** A JSON list of texts. */
  commands: "dev.outrigger.cluster.commands",
  /** A JSON list of {@link ClusterPluginSummary}. */
  plugins: "dev.outrigger.cluster.plugins",
} as const;

/** A plug-in that a cluster image brings. */
export interface ClusterPluginSummary {
  readonly name: string;
  readonly type: string;
  readonly phases: readonly string[];
  /** As `on` spells them; empty: the phase's own. */
  readonly targets: readonly string[];
  readonly privileges: readonly string[];
  /** In the image's files. */
  readonly path: string;
}

/** What a cluster image says of itself. That is no proof: opening it whole is. */
export interface ClusterImageSummary {
  readonly kind: "cluster" | "application";
  /** What is started, in order. */
  readonly commands: readonly string[];
  readonly plugins: readonly ClusterPluginSummary[];
}

const texts = z.array(z.string());
const summaryField: z.ZodType<ClusterImageSummary> = z.object({
  kind: z.enum(["cluster", "application"]),
  commands: texts,
  plugins: z.array(z.object({ name: z.string(), type: z.string(), phases: texts, targets: texts, privileges: texts, path: z.string() })),
});

/** The summary on a manifest or index; undefined where there is none that can be read. */
export function clusterImageSummary(annotations: Readonly<Record<string, string>> = {}): ClusterImageSummary | undefined {
  const { kind, commands, plugins } = clusterImageAnnotations;
  const listOf = (key: string): unknown => {
    try {
      return JSON.parse(annotations[key] ?? "[]");
    } catch {
      return undefined;
    }
  };
  const summary = summaryField.safeParse({ kind: annotations[kind], commands: listOf(commands), plugins: listOf(plugins) });
  return summary.success ? summary.data : undefined;
}

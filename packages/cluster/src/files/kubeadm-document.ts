import { asRecord, type Problem, readSource, type SourceDocument } from "@outrigger/plugin";
import type { Cluster } from "../model/cluster.ts";
import { renderTemplate } from "./template.ts";

/** Kinds that belong to kubeadm and what it configures. */
export const kubeadmKinds: readonly string[] = [
  "ClusterConfiguration",
  "InitConfiguration",
  "JoinConfiguration",
  "KubeProxyConfiguration",
  "KubeletConfiguration",
];

type KubeadmDocument = Cluster["kubeadm"][number];

/**
 * A document of kubeadm's, its text as it stands. Braces mean nothing to kubeadm, so `{{ .NAME }}` in it can only be meant for the cluster's `env`, and is
 * filled in, as Sealer did.
 */
export function readKubeadm(
  source: SourceDocument,
  variables: Readonly<Record<string, string>>,
): { readonly document: KubeadmDocument } | { readonly problem: Problem } {
  const kind = String(asRecord(source.value)["kind"]);
  if (!source.text.includes("{{")) return { document: { kind, text: source.text } };
  const rendering = renderTemplate(source.text, variables);
  if (!rendering.ok) {
    const { line, column, message } = rendering.fault;
    const at = { line: source.line - firstLine(source.text) + line, column };
    return { problem: { file: source.file, ...at, path: "", code: "variable-unknown", message } };
  }
  const again = readSource(rendering.text, source.file);
  if (again.ok) return { document: { kind, text: rendering.text } };
  const why = again.problems[0]?.message ?? "";
  return { problem: source.place({ path: ["kind"], code: "yaml-syntax", message: `With its variables filled in: ${why}` }) };
}

/** The line of a text at which its content begins, from 0 before the first. */
function firstLine(text: string): number {
  const lines = text.split("\n");
  return lines.findIndex((line) => !/^\s*(#.*)?$/.test(line)) + 1;
}

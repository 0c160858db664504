import { asRecord, type Problem, type Reading, readSources, type SourceDocument } from "@outrigger/plugin";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { OriginFile } from "../model/origin.ts";
import { readApplicationDocument } from "./application-document.ts";
import { type ClusterReading, readCluster } from "./cluster-document.ts";
import { readConfig } from "./config-documents.ts";
import { byPlace, kindOf } from "./document-fields.ts";
import { kubeadmKinds, readKubeadm } from "./kubeadm-document.ts";
import { readPluginSources } from "./plugin-documents.ts";

const ourKinds = ["Cluster", "Plugin", "Config", "Application"];

/** Reads a Clusterfile: one Cluster, with Plugin, Config, Application and kubeadm documents. Never throws for bad text. */
export function readClusterfile(text: string, file: string): Reading<Clusterfile> {
  const sources = readSources(text, file);
  if (!sources.ok) return sources;
  const documents = sortKinds(sources.value);
  const origin: OriginFile = { from: "clusterfile", file };
  const cluster = onlyCluster(documents.of("Cluster"), file);
  const plugins = readPluginSources(documents.of("Plugin"), origin);
  const configs = documents.of("Config").map((source) => readConfig(source, origin));
  const applications = documents.of("Application").map((source) => readApplicationDocument(source, origin));
  const variables = cluster.part?.variables ?? {};
  const kubeadm = kubeadmKinds.flatMap((kind) => documents.of(kind)).map((source) => readKubeadm(source, variables));
  const problems = [
    ...documents.problems,
    ...cluster.problems,
    ...plugins.problems,
    ...configs.flatMap((each) => each.problems),
    ...applications.flatMap((each) => each.problems),
    ...(cluster.part === undefined ? [] : kubeadm.flatMap((each) => ("problem" in each ? [each.problem] : []))),
    ...[...kubeadmKinds, "Application"].flatMap((kind) => twice(documents.of(kind))),
  ];
  if (problems.length > 0 || cluster.part === undefined) return { ok: false, problems: byPlace(problems) };
  const { variables: _, ...part } = cluster.part;
  const [application] = applications;
  const commands = part.commands ?? application?.commands;
  return {
    ok: true,
    value: {
      ...part,
      ...(commands === undefined ? {} : { commands }),
      settings: { ...part.settings, ...application?.settings },
      configs: [...configs, ...applications].flatMap((each) => each.configs),
      kubeadm: kubeadm.flatMap((each) => ("document" in each ? [each.document] : [])),
      plugins: plugins.documents,
      warnings: byPlace([...cluster.warnings, ...plugins.warnings, ...configs.flatMap((each) => each.warnings)]),
      file,
    },
  };
}

interface SortedDocuments {
  readonly of: (kind: string) => readonly SourceDocument[];
  readonly problems: readonly Problem[];
}

function sortKinds(sources: readonly SourceDocument[]): SortedDocuments {
  const known = [...ourKinds, ...kubeadmKinds];
  const problems = sources.flatMap((source) => {
    const kind = kindOf(source, known);
    return "problem" in kind ? [kind.problem] : [];
  });
  return { of: (kind) => sources.filter((source) => asRecord(source.value)["kind"] === kind), problems };
}

function onlyCluster(sources: readonly SourceDocument[], file: string): ClusterReading {
  const [source, ...more] = sources;
  if (source === undefined) {
    const message = "A Clusterfile needs a document of kind Cluster.";
    return { problems: [{ file, line: 1, column: 1, path: "", code: "missing-key", message, expected: "kind: Cluster" }], warnings: [] };
  }
  const reading = readCluster(source);
  const surplus = more.map((second) =>
    second.place({
      path: ["kind"],
      code: "duplicate-name",
      message: `There is a Cluster already, in line ${source.line}.`,
      found: "Cluster",
    }),
  );
  return surplus.length === 0 ? reading : { problems: [...reading.problems, ...surplus], warnings: reading.warnings };
}

function twice([first, ...more]: readonly SourceDocument[]): readonly Problem[] {
  return more.map((source) => {
    const found = String(asRecord(source.value)["kind"]);
    return source.place({ path: ["kind"], code: "duplicate-name", message: `There is a ${found} already, in line ${first?.line}.`, found });
  });
}

export * from "./errors.ts";
export * from "./files/apply-configs.ts";
export * from "./files/clusterfile.ts";
export * from "./files/format-clusterfile.ts";
export * from "./files/lint-plugins.ts";
export * from "./files/merge-cluster.ts";
export * from "./files/merge-plugins.ts";
export * from "./files/options.ts";
export * from "./files/places.ts";
export * from "./files/plugin-documents.ts";
export * from "./files/secrets.ts";
export * from "./files/target-problems.ts";
export * from "./files/targets.ts";

  renderData,
  renderTemplate,
  templateFault,
  type Rendering,
  type TemplateFault,

export * from "./files/template.ts";
export * from "./image/build-cluster-image.ts";
export type { BuiltPlatform } from "./image/build-platform.ts";
export * from "./image/cluster-image.ts";

export {
export { type Rendering, renderData, renderTemplate, type TemplateFault, templateFault } from "./files/template.ts";
} from "./files/template.ts";

export * from "./image/cluster-image.ts";
export * from "./image/lint/finding.ts";
export * from "./image/lint/lint-image.ts";
export * from "./image/lint/lint-place.ts";
export type { GatherOptions } from "./image/lite/gather-images.ts";
export * from "./image/open-cluster-image.ts";
export { usualKubeconfigs } from "./kubernetes/find-kubeconfig.ts";
export * from "./kubernetes/kubernetes-of.ts";
export * from "./model/cluster.ts";
export * from "./model/cluster-plugin.ts";
export * from "./model/clusterfile.ts";
export * from "./model/config-document.ts";
export * from "./model/host.ts";
export * from "./model/origin.ts";
export * from "./model/plugin-document.ts";
export * from "./model/target.ts";
export * from "./phases/moments.ts";
export * from "./phases/timelines.ts";
export * from "./plan/cluster-changes.ts";
export * from "./plan/decide.ts";
export * from "./plan/format-plan.ts";
export * from "./plan/host-ranges.ts";
export * from "./plan/make-plan.ts";
export * from "./plan/plan.ts";
export * from "./plan/plan-input.ts";
export * from "./plan/plan-json.ts";
export * from "./plugins/built-in/built-in-types.ts";
export * from "./plugins/built-in/node-facts.ts";
export * from "./plugins/out-of-tree/index.ts";
export * from "./plugins/plugin-type.ts";
export * from "./run/frozen-run.ts";
export * from "./run/journal.ts";
export * from "./run/journal-events.ts";
export * from "./run/operate.ts";
export * from "./run/plan-plugin.ts";
export * from "./run/run-error.ts";
export * from "./run/run-events.ts";
export * from "./run/run-plan.ts";
export * from "./run/run-record.ts";
export * from "./run/run-task.ts";
export * from "./run/runs.ts";
export * from "./run/secrets.ts";
export * from "./run/without-hosts.ts";
export * from "./ssh/connect-hosts.ts";
export * from "./ssh/connect-options.ts";
export * from "./ssh/host-connection.ts";
export * from "./state/adopt-cluster.ts";
export * from "./state/change-plugins.ts";
export * from "./state/cluster-folder.ts";
export * from "./state/cluster-plugin-host.ts";
export * from "./state/cluster-state.ts";
export * from "./state/cluster-status.ts";

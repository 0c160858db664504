import type { Cluster } from "../model/cluster.ts";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { Host } from "../model/host.ts";
import type { Operation } from "../phases/timelines.ts";
import { digestOfValue } from "../plan/digest.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanInput } from "../plan/plan-input.ts";
import type { ImageVersion } from "../state/cluster-state.ts";
import { clusterfileWithoutSecrets, hostWithoutSecrets, withoutSecrets } from "../state/without-secrets.ts";

/** All that it takes to go on with a run, as it was when it began; without secrets. */
export interface FrozenRun {
  readonly format: 1;
  readonly run: string;
  /** `run`: a plug-in run by hand. */
  readonly operation: Operation | "run";
  readonly plan: Plan;
  /** What the plan was made of. */
  readonly cluster: Cluster;
  /** The Clusterfile that the cluster has afterwards: its documents are merged with the image's anew at the next operation. */
  readonly clusterfile: Clusterfile;
  readonly image: ImageVersion;
  readonly imageBefore?: string;
  readonly hostsBefore?: readonly Host[];
  /** By type: what the code of its called plug-ins was ({@link CalledType}), where it is not a part of ours. */
  readonly code?: Readonly<Record<string, string>>;
  /** Names of the plug-ins that may use this machine. */
  readonly grants: readonly string[];
  readonly limit: number;
}

export interface RunWish {
  readonly operation: FrozenRun["operation"];
  readonly input: PlanInput;
  readonly plan: Plan;
  readonly clusterfile: Clusterfile;
  readonly grants: readonly string[];
  readonly limit: number;
}

export function freeze(run: string, { operation, input, plan, clusterfile, grants, limit }: RunWish): FrozenRun {
  const { cluster, image, imageBefore, hostsBefore } = input;
  const code = codeOf(plan, input.types);
  return {
    format: 1,
    run,
    operation,
    plan: { ...plan, hosts: plan.hosts.map(hostWithoutSecrets) },
    cluster: withoutSecrets(cluster),
    clusterfile: clusterfileWithoutSecrets(clusterfile),
    image: { reference: image.reference, digest: image.digest },
    ...(imageBefore === undefined ? {} : { imageBefore }),
    ...(hostsBefore === undefined ? {} : { hostsBefore: hostsBefore.map(hostWithoutSecrets) }),
    ...(Object.keys(code).length === 0 ? {} : { code }),
    grants,
    limit,
  };
}

/** What the code of a plan's plug-ins is now, by type. */
export function codeOf({ stages }: Plan, types: PlanInput["types"]): Readonly<Record<string, string>> {
  const names = new Set(stages.flatMap(({ entries }) => entries.flatMap((entry) => ("plugin" in entry ? [entry.plugin.type] : []))));
  const found = [...names].map((name) => types.get(name));
  return Object.fromEntries(
    found.flatMap((type) => (type.kind === "called" && type.codeDigest !== undefined ? [[type.type, type.codeDigest]] : [])),
  );
}

/** Of everything that a plan does, in order. */
export function planDigest({ operation, stages }: Plan): string {
  return digestOfValue([operation, stages.map(({ entries }) => entries.map(({ tasks }) => tasks.map(({ id, digest }) => [id, digest])))]);
}

import type { ClusterContext } from "@outrigger/sdk";
import type { Host } from "../../model/host.ts";

/** All hosts of the cluster as a call's context has them, which knows nothing of SSH. The first is master0: `check` and `run` read data in the same way. */
export function hostsOfContext({ cluster: { hosts } }: ClusterContext): readonly Host[] {
  return hosts
    .toSorted((one, other) => Number(other.master0) - Number(one.master0))
    .map(({ ip, roles, env, labels }) => ({ ip, roles, env, labels, taints: [], ssh: { user: "", port: 0 } }));
}

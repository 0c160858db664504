import type { Endpoint, PodKey } from "@outrigger/pod";
import type { PodRuntime } from "@outrigger/runtime";

/**
 * The pods of a component that have an address, by replica. One whose app does not run at the moment is among them, not ready: its address stays its
 * own, and whoever calls it must still come to the egress plug-in, which knows better.
 */
export function endpointsOf({ statuses }: Pick<PodRuntime, "statuses">, key: PodKey): readonly Endpoint[] {
  return statuses(key).flatMap(({ name, replica, ip, state }): readonly Endpoint[] =>
    ip === undefined ? [] : [{ pod: name, replica, address: ip, ready: state === "ready" }],
  );
}

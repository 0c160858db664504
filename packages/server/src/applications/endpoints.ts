import type { Endpoint, PodKey } from "@outrigger/pod";
import type { PodRuntime } from "@outrigger/runtime";

/** The pods of a component that can be called: their app runs and they have an address. By replica. */
export function endpointsOf({ statuses }: Pick<PodRuntime, "statuses">, key: PodKey): readonly Endpoint[] {
  return statuses(key).flatMap(({ name, replica, ip, state, containers }): readonly Endpoint[] => {
    const runs = containers.some((container) => container.role === "app" && container.state === "running");
    return ip === undefined || !runs ? [] : [{ pod: name, replica, address: ip, ready: state === "ready" }];
  });
}

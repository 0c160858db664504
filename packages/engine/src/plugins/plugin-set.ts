import type { Dispatcher, Lease } from "../hooks/dispatcher.ts";
import type { RunningPlugin } from "./keep-running.ts";

/** The plug-ins that run together, and their dispatcher. Ends those that no other set runs when its last lease is released. */
export interface PluginSet {
  readonly dispatcher: Dispatcher;
  readonly lease: () => Lease;
  /** No new leases from now on; resolves when all that only it ran has ended. */
  readonly retire: () => Promise<void>;
}

/** How many sets use a running plug-in; the last one to let go ends it. */
export interface Uses {
  readonly take: (running: RunningPlugin) => void;
  readonly drop: (running: RunningPlugin) => Promise<void>;
  /** Those that some set uses. */
  readonly all: () => readonly RunningPlugin[];
}

export function countUses(): Uses {
  const counts = new Map<RunningPlugin, number>();
  return {
    take: (running) => void counts.set(running, (counts.get(running) ?? 0) + 1),
    all: () => [...counts.keys()],
    drop: async (running) => {
      const left = (counts.get(running) ?? 1) - 1;
      counts.set(running, left);
      if (left > 0) return;
      counts.delete(running);
      await running.stop();
    },
  };
}

export function createSet(dispatcher: Dispatcher, members: readonly RunningPlugin[], uses: Uses): PluginSet {
  const { promise: drained, resolve: drain } = Promise.withResolvers<void>();
  let leases = 0;
  let retired = false;
  for (const member of members) uses.take(member);
  return {
    dispatcher,
    lease: () => {
      leases += 1;
      let released = false;
      return {
        dispatcher,
        release: () => {
          if (released) return;
          released = true;
          leases -= 1;
          if (retired && leases === 0) drain();
        },
      };
    },
    retire: async () => {
      retired = true;
      if (leases === 0) drain();
      await drained;
      await Promise.all(members.map(uses.drop));
    },
  };
}

import type { Call, Dispatcher, PluginSource } from "@outrigger/engine";
import type { ChangeInputs } from "@outrigger/sdk";

export type CriInput = ChangeInputs["cri.preCreateContainer"];

/** One plug-in at one hook point, without anything that runs plug-ins; counts its leases. */
export function pluginSource(
  handler: (input: CriInput, call: Call) => CriInput | undefined | Promise<CriInput | undefined>,
): PluginSource & {
  readonly leases: () => number;
} {
  let leases = 0;
  const nothing = async (): Promise<never[]> => [];
  const dispatcher: Dispatcher = {
    wants: () => true,
    change: async (_, input, call) => {
      const changed = await handler(input as CriInput, call);
      return { input: (changed ?? input) as typeof input, changedBy: changed === undefined ? [] : ["test"], warnings: [] };
    },
    check: async () => undefined,
    collect: nothing,
    notify: nothing,
    routes: [],
  };
  return {
    lease: () => {
      leases += 1;
      return {
        dispatcher,
        release: () => {
          leases -= 1;
        },
      };
    },
    current: () => dispatcher,
    leases: () => leases,
  };
}

import type { OciHook, OciStage } from "@outrigger/sdk";

/** A hook as config.json has it (OCI runtime specification, config.md, POSIX-platform Hooks). */
export interface RuntimeHook {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
}

/** The hooks of one container, as the runtime wrapper merges them: before and after those that config.json already has. */
export type HookRecord = Readonly<
  Partial<Record<OciStage, { readonly before: readonly RuntimeHook[]; readonly after: readonly RuntimeHook[] }>>
>;

/** A hook with the plug-in that gave it. */
export interface PluginHook {
  readonly plugin: string;
  readonly hook: OciHook;
}

/** Where the records of containers are kept for the wrapper. */
export interface HookRecords {
  /**
   * Keeps the hooks of a container, durably and at once, also where there are none.
   * @throws container-id-invalid (400), oci-hook-invalid (503), hook-record-failed (500); what was kept before then stays
   */
  readonly put: (containerId: string, hooks: readonly PluginHook[]) => Promise<void>;
  readonly remove: (containerId: string) => Promise<void>;
  /**
   * Removes the records of all containers but the living ones, which are asked for after the records were listed: one made meanwhile keeps its record.
   * @returns how many
   */
  readonly prune: (living: () => Promise<Iterable<string>>) => Promise<number>;
}

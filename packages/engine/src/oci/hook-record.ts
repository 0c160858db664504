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

/** Where the records of containers are kept for the wrapper. */
export interface HookRecords {
  /** Keeps the hooks of a container, durably and at once; `hooks` with their plug-ins' names. */
  readonly put: (containerId: string, hooks: readonly { readonly plugin: string; readonly hook: OciHook }[]) => Promise<void>;
  readonly remove: (containerId: string) => Promise<void>;
}

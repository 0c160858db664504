import type { PackageAccess } from "./install/package-access.ts";
import type { KeepTimes } from "./keep/keeper.ts";
import type { RootFolder } from "./root-folder.ts";
import type { OciRuntime } from "./run/runtime.ts";

/** What the parts of one host share. */
export interface HostParts {
  readonly root: RootFolder;
  readonly runtime: OciRuntime;
  readonly access: PackageAccess;
  /** The folders in which engines look for plug-ins. */
  readonly publish: readonly string[];
  /** Where engines make the FIFOs of log drivers. */
  readonly logging: string;
  /** The engine's metrics socket. */
  readonly metrics: string;
  readonly times: KeepTimes;
  /** Milliseconds for calls for which engines have no limit. */
  readonly callLimit: number;
  /** Milliseconds that a call waits for a driver that is starting. */
  readonly patience: number;
  /** Milliseconds that a driver has to end after each signal. */
  readonly endLimit: number;
  readonly log: (text: string) => void;
}

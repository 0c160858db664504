import type { FileTree, Platform } from "@outrigger/registry";
import type { PluginDocument } from "../model/plugin-document.ts";

/** `cluster`: puts a cluster up by its scripts. `application`: brings commands, manifests and plug-ins into a cluster that is there. */
export type ClusterImageKind = "cluster" | "application";

/** What a plan needs to know of an image: no file content. */
export interface ClusterImageFacts {
  readonly reference: string;
  /** Of the manifest, or of the index of an image for several platforms. */
  readonly digest: string;
  readonly kind: ClusterImageKind;
  readonly platforms: readonly Platform[];
  /** Commands of CMD, CMDS and LAUNCH, in order; run on master0 in the rootfs. */
  readonly commands: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Files directly in `scripts/`, e.g. `init.sh`. */
  readonly scripts: readonly string[];
  /** Of `plugins/` (or Sealer's older `plugin/`), sorted by file name, documents in order; linted when the image was built. */
  readonly plugins: readonly PluginDocument[];
  /** Container images that `registry/` holds. */
  readonly containerImages: readonly string[];
}

/** A cluster image, opened from a registry, the local store, a layout or an archive. */
export interface ClusterImage extends ClusterImageFacts {
  /** The files for hosts of this platform. @throws platform-missing */
  readonly rootfs: (platform: Platform) => Promise<FileTree>;
  /** The image's plug-ins' folder on this machine, unpacked once per digest: where modules and executables are started from. Absent where plug-ins are documents alone. */
  readonly pluginFolder: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

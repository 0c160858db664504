import type { ImageReference } from "@outrigger/plugin";
import type { ContentSource, Descriptor } from "@outrigger/registry";
import type { DriverPackage } from "./driver-package.ts";

/** Credentials for a registry, as a client of the API sends them (X-Registry-Auth, decoded). */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** Where packages are found. `from` is the absolute path of an image layout, a folder or a tar of one; without it the registry is asked. */
export interface PackageRequest {
  readonly reference: ImageReference;
  readonly from?: string;
  readonly auth?: RegistryAuth;
}

/** How a host gets at packages. */
export interface PackageAccess {
  readonly open: (request: PackageRequest) => Promise<ContentSource>;
  /** Refuses what the machine's trust policy does not let in. */
  readonly requireTrusted: (source: ContentSource, request: PackageRequest, found: DriverPackage) => Promise<void>;
  /** Keeps a package's content under a tag of the host's own, and gives where it is kept. */
  readonly keep: (found: DriverPackage, tag: string, progress: (done: number, descriptor: Descriptor) => void) => Promise<ContentSource>;
  readonly forget: (tag: string) => Promise<void>;
  /** Unpacks layers into an empty folder, from the lowest to the highest. */
  readonly unpack: (source: ContentSource, layers: readonly Descriptor[], folder: string) => Promise<void>;
}

import type { ImageReference } from "@outrigger/plugin";
import type { ContentSource, Credentials, Descriptor, ReferrerSource } from "@outrigger/registry";

/** Where packages are found. */
export interface PackageRequest {
  readonly reference: ImageReference;
  /** The absolute path of an image layout, a folder or a tar of one, in which it is. Absent: in its registry. */
  readonly from?: string;
  /** Who asks the registry. Absent: whom this user's config.json names. */
  readonly credentials?: Credentials;
}

/** A package that has been found and may be used. */
export interface OpenedPackage {
  readonly source: ContentSource & Partial<ReferrerSource>;
  /** By digest: a tag may name something else a moment later. */
  readonly digest: string;
  readonly close: () => void;
}

/** How a host gets at packages. */
export interface PackageAccess {
  /** @throws package-untrusted, signature-missing where the machine's trust policy does not let it in; what the source throws */
  readonly open: (request: PackageRequest) => Promise<OpenedPackage>;
  /** Keeps a package's content under a tag of the host's own, and gives where it is kept. */
  readonly keep: (
    source: ContentSource,
    digest: string,
    tag: string,
    tell: (blob: Descriptor, bytes: number) => void,
  ) => Promise<ContentSource>;
  readonly forget: (tag: string) => Promise<void>;
  /** Forgets all but these; when nothing is under way. */
  readonly keepOnly: (tags: readonly string[]) => Promise<void>;
  /** Unpacks layers into an empty folder, from the lowest to the highest. */
  readonly unpack: (source: ContentSource, layers: readonly Descriptor[], folder: string) => Promise<void>;
}

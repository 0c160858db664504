import type { Credentials } from "@outrigger/registry";

/** A container image, and where it is named. */
export interface NamedImage {
  /** As it stands there. */
  readonly image: string;
  /** In the rootfs or the context. */
  readonly file: string;
  /** From 1; 0 where it is not known. */
  readonly line: number;
  /** Of imageListWithAuth.yaml. */
  readonly credentials?: Credentials;
}

/** What looking for images gave. */
export interface FoundImages {
  readonly images: readonly NamedImage[];
  /** What could not be looked at, one sentence each. */
  readonly warnings: readonly string[];
}

/** What is read of one file at most, in bytes. */
export const mostRead: number = 32 * 2 ** 20;

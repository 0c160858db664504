import type { Origin } from "./origin.ts";

/** Steps that a Config's data goes through before it is written; `value` makes `key: value` trees of text into values first. */
export type ConfigProcess = "value" | "toJson" | "toBase64" | "toSecret";

/** A document of kind `Config`: a file of the rootfs that the cluster writes or changes before the rootfs goes to the hosts. */
export interface ConfigDocument {
  readonly name: string;
  /** Relative to the rootfs. */
  readonly path: string;
  /** Text, or a tree of values. */
  readonly data: unknown;
  readonly strategy: "overwrite" | "merge";
  readonly process: readonly ConfigProcess[];
  /** True: `{{ .NAME }}` in the data is filled from the host's variables. Otherwise data stays as it is. */
  readonly template: boolean;
  /** Only for the application of this name; absent: always. */
  readonly application?: string;
  readonly origin: Origin;
}

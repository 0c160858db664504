import type { Reading } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { Host, SecretSource, SshAccess } from "../model/host.ts";

/** Hosts and their access as the options of `cluster run`, `join` and `scale` give them. */
export interface HostOptions {
  /** Comma lists of addresses and ranges. */
  readonly masters?: string;
  readonly nodes?: string;
  readonly user?: string;
  readonly port?: number;
  /** A private key's file. */
  readonly key?: string;
  readonly keyPassphrase?: SecretSource;
  readonly password?: SecretSource;
  /** `K=V` each; a key that stands twice, or a value with semicolons, is a list. */
  readonly env?: readonly string[];
}

export interface RunOptions extends HostOptions {
  readonly image: string;
  /** Default: `my-cluster`, as Sealer's. */
  readonly name?: string;
  readonly commandArguments?: readonly string[];
}

/** What stands for a Clusterfile where `cluster run` has none. */
export function clusterfileOfOptions(options: RunOptions): Reading<Clusterfile> {
  throw clusterErrors["not-built"]({ what: `clusterfileOfOptions ${options.image}` });
}

/** The hosts that options name, masters first. @param access fills in what the options leave open */
export function hostsOfOptions(options: HostOptions, access?: SshAccess): Reading<readonly Host[]> {
  throw clusterErrors["not-built"]({ what: `hostsOfOptions ${options.masters} ${access?.user}` });
}

import { homedir } from "node:os";
import { join } from "node:path";
import { type Layout, openLayout, type RegistryOptions } from "@outrigger/registry";
import { type Command, Option } from "commander";
import { collect } from "../options.ts";

/** Where packages are kept, and how registries are spoken to. */
export interface PackageOptions {
  readonly store: string;
  readonly plainHttp?: readonly string[];
  readonly caFile?: string;
}

/** Adds `--store`, `--plain-http` and `--ca-file`. */
export function withPackages(command: Command): Command {
  const folder = join(process.env["XDG_DATA_HOME"] || join(homedir(), ".local/share"), "outrigger", "packages");
  return command
    .addOption(new Option("--store <folder>", "the local store of packages").env("OUTRIGGER_PACKAGES").default(folder))
    .option("--plain-http <host>", "a registry that is asked without TLS (loopback is anyway); can be given several times", collect)
    .option("--ca-file <file>", "a PEM file of authorities that registries' certificates may be from");
}

export function openStore({ store }: PackageOptions): Promise<Layout> {
  return openLayout(store, { create: true });
}

export function registryOptions({ plainHttp, caFile }: PackageOptions): RegistryOptions {
  return { ...(plainHttp === undefined ? {} : { plainHttp }), ...(caFile === undefined ? {} : { caFile }) };
}

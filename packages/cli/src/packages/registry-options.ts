import type { RegistryOptions } from "@outrigger/registry";
import type { Command } from "commander";
import { collect } from "../options.ts";

export interface RegistryFlags {
  readonly plainHttp?: readonly string[];
  readonly ca?: string;
}

/** Adds how registries are spoken to. Who asks is what `docker login` has left. */
export function withRegistry(command: Command): Command {
  return command
    .option("--plain-http <host>", "ask this registry without TLS; loopback needs no telling; can be given several times", collect)
    .option("--ca <file>", "a PEM file of authorities that count beside the machine's");
}

export function registryOptions({ plainHttp, ca }: RegistryFlags): RegistryOptions {
  return { ...(plainHttp === undefined ? {} : { plainHttp }), ...(ca === undefined ? {} : { caFile: ca }) };
}

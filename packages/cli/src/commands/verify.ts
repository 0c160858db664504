import type { Command } from "commander";
import { cliErrors } from "../errors.ts";
import { collect, type OutputOptions, withExamples, withOutput } from "../options.ts";
import { print } from "../output/print.ts";
import { formatTable } from "../output/table.ts";
import { findPlace, placeWords } from "../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../packages/registry-options.ts";

interface VerifyFlags extends RegistryFlags, OutputOptions {
  readonly key?: readonly string[];
}

export function define(command: Command): void {
  withOutput(withRegistry(command))
    .argument("<name:tag>", `a package of the local store, else of a registry; or ${placeWords}`)
    .option("--key <file>", "a key that is accepted; can be given several times (default: those that trust.yaml names for it)", collect)
    .description("Proves that a package is signed by a key that is accepted, and fails when it is not.")
    .action(verifyCommand);
  withExamples(command, "verify log-collector:1.0.0 --key release.key.pub", "verify registry:registry.example/tools/log:1.0");
}

async function verifyCommand(text: string, options: VerifyFlags): Promise<void> {
  const { readPublicKey, readTrustPolicy, requireTrusted, verifySignatures } = await import("@outrigger/registry");
  const { source, key, name, label, close } = await findPlace(text, registryOptions(options));
  try {
    const { descriptor } = await source.manifest(key);
    const signatures =
      options.key === undefined
        ? (await requireTrusted(source, key, name, await readTrustPolicy())).signatures
        : await verifySignatures(source, descriptor, await Promise.all(options.key.map(readPublicKey)), label);
    // Nothing was asked for, so nothing is proved.
    if (signatures.length === 0)
      throw cliErrors["option-invalid"]({
        option: "--key",
        found: "left out",
        expected: "a key, since no rule of trust.yaml names one for this package",
        command: "verify",
      });
    await print(options.output, { digest: descriptor.digest, signatures }, () =>
      formatTable(
        [
          { title: "package", cell: ({ payload }) => payload.digest },
          { title: "signed by", cell: ({ fingerprint }) => fingerprint },
          { title: "as", cell: ({ payload }) => payload.reference ?? "" },
        ],
        signatures,
      ),
    );
  } finally {
    close();
  }
}

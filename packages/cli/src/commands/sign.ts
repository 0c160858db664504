import type { Command } from "commander";
import { cliErrors } from "../errors.ts";
import { withExamples } from "../options.ts";
import { say } from "../output/print.ts";
import { hasKind, openPlace, placeWords, storePlace } from "../packages/places.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../packages/registry-options.ts";

interface SignFlags extends RegistryFlags {
  readonly key?: string;
  readonly generateKey?: string;
}

export function define(command: Command): void {
  withRegistry(command)
    .argument("[name:tag]", `a package of the local store; or ${placeWords}`)
    .option("--key <file>", "the key: Ed25519, PKCS #8 in PEM")
    .option("--generate-key <file>", "make a new pair first: FILE signs, FILE.pub verifies")
    .description("Signs a package. The signature lies beside it, and goes along when it is pushed, pulled, copied and saved.")
    .action(signCommand);
  withExamples(
    command,
    "sign --generate-key release.key",
    "sign log-collector:1.0.0 --key release.key",
    "sign registry:127.0.0.1:5000/tools/log:1.0 --key release.key",
  );
}

async function signCommand(text: string | undefined, options: SignFlags): Promise<void> {
  const { generateKeyFiles, readSigningKey, signPackage } = await import("@outrigger/registry");
  const { generateKey, key: file = generateKey } = options;
  if (file === undefined || (text === undefined && generateKey === undefined))
    throw cliErrors["option-invalid"]({
      option: "--key",
      found: "left out",
      expected: "a package and the key to sign it with",
      command: "sign",
    });
  if (generateKey !== undefined) say(`Made ${generateKey} and ${generateKey}.pub: ${await generateKeyFiles(generateKey)}.`);
  if (text === undefined) return;
  const key = await readSigningKey(file);
  const place = await (hasKind(text) ? openPlace(text, registryOptions(options)) : storePlace(text));
  if (place.target === undefined) throw cliErrors["place-read-only"]({ place: text });
  try {
    const name = `${place.name.registry}/${place.name.repository}`;
    const { digest } = await signPackage({ ...place.source, ...place.target }, { reference: place.key, key, name });
    process.stdout.write(`${digest}\n`);
    say(`Signed ${place.label} by ${key.fingerprint}.`);
  } finally {
    place.close();
  }
}

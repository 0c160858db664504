import type { Descriptor } from "@outrigger/registry";
import { cliErrors } from "../errors.ts";
import { say } from "../output/print.ts";
import { formatSize } from "./format-size.ts";
import type { PackagePlace } from "./places.ts";

/** Copies a package with its signatures, and says what of it had to be sent. */
export async function copyBetween(from: PackagePlace, to: PackagePlace, verb: string): Promise<Descriptor> {
  const { copyContent } = await import("@outrigger/registry");
  if (to.target === undefined || to.key.startsWith("sha256:")) throw cliErrors["place-read-only"]({ place: to.label });
  const seen = new Map<string, number>();
  const progress: Parameters<typeof copyContent>[4] = {
    progress: ({ descriptor, state, bytes }) => {
      if (state !== "copying") seen.set(descriptor.digest, state === "copied" ? bytes : 0);
    },
  };
  try {
    const copied = await copyContent(from.source, from.key, to.target, to.key, progress);
    const sent = [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
    say(`${verb} ${to.label}: ${sent === 0 ? "everything was there already" : formatSize(sent)}.`);
    return copied;
  } finally {
    from.close();
    to.close();
  }
}

/** Reads a package only if this machine's policy trusts it; gives the digest by which it is read from here on. */
export async function trustedKey(place: PackagePlace): Promise<string> {
  const { readTrustPolicy, requireTrusted } = await import("@outrigger/registry");
  const { descriptor, signatures } = await requireTrusted(place.source, place.key, place.name, await readTrustPolicy());
  for (const { fingerprint } of signatures) say(`Signed by ${fingerprint}.`);
  return descriptor.digest;
}

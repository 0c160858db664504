import type { ImageReference } from "@outrigger/plugin";
import type { ContentSource, Descriptor } from "../content.ts";
import { registryErrors } from "../errors.ts";
import type { ReferrerSource } from "../layout/layout.ts";
import { type Key, readPublicKey } from "./keys.ts";
import { ruleFor, type TrustPolicy } from "./trust-policy.ts";
import { type VerifiedSignature, verifySignatures } from "./verify-signatures.ts";

/** What may be used. Read it by its digest from here on: a tag may name something else by then. */
export interface Trusted {
  readonly descriptor: Descriptor;
  /** Empty where none was asked for. */
  readonly signatures: readonly VerifiedSignature[];
}

/**
 * Refuses what the policy does not trust. What an index names is trusted with it.
 * @param reference what `source` is asked for: a tag, a digest, or in the local store the full name
 * @param name whose rules count: the package's own name, wherever it is read from
 * @throws package-untrusted, signature-missing, key-unusable, and the source's own
 */
export async function requireTrusted(
  source: ContentSource & Partial<ReferrerSource>,
  reference: string,
  name: Pick<ImageReference, "registry" | "repository">,
  policy: TrustPolicy,
): Promise<Trusted> {
  const { descriptor } = await source.manifest(reference);
  const full = `${name.registry}/${name.repository}`;
  const rule = ruleFor(policy, full);
  if (rule === undefined && policy.default === "refuse")
    throw registryErrors["package-untrusted"]({
      name: full,
      file: policy.file,
      reason: "no rule is for this name, and others are refused",
    });
  if (rule === undefined || rule.require === "nothing") return { descriptor, signatures: [] };
  const keys: readonly Key[] = await Promise.all(rule.keys.map(readPublicKey));
  return { descriptor, signatures: await verifySignatures(source, descriptor, keys, full) };
}

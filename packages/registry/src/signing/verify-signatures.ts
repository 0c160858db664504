import { verify } from "node:crypto";
import { isOutriggerError } from "@outrigger/plugin";
import type { ContentSource, Descriptor } from "../content.ts";
import { readContent } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import type { ReferrerSource } from "../layout/layout.ts";
import { parseManifest } from "../manifests.ts";
import type { Key } from "./keys.ts";
import { readPayload, type SignaturePayload } from "./payload.ts";
import { signatureArtifactType, signaturePayloadType, valueAnnotation } from "./signature-types.ts";

/** A signature that is right. */
export interface VerifiedSignature {
  /** Of the key. */
  readonly fingerprint: string;
  /** Of the signature's manifest. */
  readonly digest: string;
  readonly payload: SignaturePayload;
}

const payloadLimit = 65_536;
const mostSignatures = 100;

/**
 * The signatures by these keys of exactly this manifest or index: digest, size and media type are signed. What else is there and is wrong does not matter.
 * @throws signature-missing when there is none, with what speaks against each that is there
 */
export async function verifySignatures(
  source: ContentSource & Partial<ReferrerSource>,
  descriptor: Descriptor,
  keys: readonly Key[],
  name: string,
): Promise<readonly VerifiedSignature[]> {
  const found = ((await source.referrers?.(descriptor.digest, signatureArtifactType)) ?? []).slice(0, mostSignatures);
  const right: VerifiedSignature[] = [];
  const reasons: string[] = [];
  for (const { digest } of found) {
    try {
      const result = await verifyOne(source, digest, descriptor, keys);
      if (typeof result === "string") reasons.push(result);
      else right.push(result);
    } catch (error) {
      // A signature that can't be read is none; a registry that can't be reached is another matter.
      if (!isOutriggerError(error) || ![404, 502].includes(error.status)) throw error;
      reasons.push(error.message);
    }
  }
  if (right.length > 0) return right;
  const reason = found.length === 0 ? "there is none at all" : [...new Set(reasons)].join("; ");
  throw registryErrors["signature-missing"]({ name, digest: descriptor.digest, reason });
}

async function verifyOne(
  source: ContentSource,
  digest: string,
  signed: Descriptor,
  keys: readonly Key[],
): Promise<VerifiedSignature | string> {
  const { subject, layers, artifactType } = parseManifest(await source.manifest(digest), source.name);
  const [layer, ...more] = layers;
  if (artifactType !== signatureArtifactType || layer?.mediaType !== signaturePayloadType || more.length > 0) return "one has another form";
  if (subject?.digest !== signed.digest) return "one is of something else";
  const value = Buffer.from(layer.annotations?.[valueAnnotation] ?? "", "base64");
  const bytes = await readContent(source, layer, payloadLimit);
  const key = keys.find((each) => verify(null, bytes, each.key, value));
  if (key === undefined) return "one is by another key, or altered";
  const payload = readPayload(bytes);
  if (payload === undefined) return "one has another form";
  const same = payload.digest === signed.digest && payload.size === signed.size && payload.mediaType === signed.mediaType;
  return same ? { fingerprint: key.fingerprint, digest, payload } : "one is of something else";
}

import { sign } from "node:crypto";
import type { ContentSource, ContentTarget, Descriptor } from "../content.ts";
import { digestOf } from "../digest.ts";
import { writeManifestBytes } from "../manifests.ts";
import { mediaTypes } from "../media-types.ts";
import type { Key } from "./keys.ts";
import { payloadBytes } from "./payload.ts";
import { keyAnnotation, signatureArtifactType, signaturePayloadType, valueAnnotation } from "./signature-types.ts";

export interface SignOptions {
  /** What `place` has under `reference` is signed. */
  readonly reference: string;
  readonly key: Key;
  /** The package's full name; becomes part of what is signed. */
  readonly name?: string;
  /** RFC 3339; becomes part of what is signed. Without it the same key gives the same signature again. */
  readonly created?: string;
}

/** Signs a package, or an index of several, and writes the signature beside it as a referrer. @returns the signature's descriptor */
export async function signPackage(
  place: ContentSource & ContentTarget,
  { reference, key, name, created }: SignOptions,
): Promise<Descriptor> {
  const { descriptor } = await place.manifest(reference);
  const payload = payloadBytes(descriptor, name, created);
  const value = sign(null, payload, key.key).toString("base64");
  const empty = Buffer.from("{}");
  const config = { mediaType: mediaTypes.empty, digest: digestOf(empty), size: empty.length };
  const layer = {
    mediaType: signaturePayloadType,
    digest: digestOf(payload),
    size: payload.length,
    annotations: { [keyAnnotation]: key.fingerprint, [valueAnnotation]: value },
  };
  for (const [blob, bytes] of [
    [config, empty],
    [layer, payload],
  ] as const)
    await place.writeBlob(blob, async function* () {
      yield bytes;
    });
  const { mediaType, digest, size } = descriptor;
  const manifest = writeManifestBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: signatureArtifactType,
    config,
    layers: [layer],
    subject: { mediaType, digest, size },
    annotations: { [keyAnnotation]: key.fingerprint },
  });
  await place.writeManifest(manifest);
  return manifest.descriptor;
}

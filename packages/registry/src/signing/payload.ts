import * as z from "zod";
import type { Descriptor } from "../content.ts";
import { digestPattern } from "../digest.ts";
import { signatureArtifactType } from "./signature-types.ts";

/** What a signature is of. */
export interface SignaturePayload {
  /** So that no other thing that a key signs can be taken for this. */
  readonly type: typeof signatureArtifactType;
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  /** The name under which it was signed; a copy may have another. */
  readonly reference?: string;
  /** RFC 3339. */
  readonly created?: string;
}

const payloadField: z.ZodType<SignaturePayload> = z.strictObject({
  type: z.literal(signatureArtifactType),
  digest: z.string().regex(digestPattern),
  size: z.int().min(0),
  mediaType: z.string(),
  reference: z.string().exactOptional(),
  created: z.iso.datetime().exactOptional(),
});

/** The payload's bytes in their one form: JSON without spaces, keys in this order. */
export function payloadBytes({ digest, size, mediaType }: Descriptor, reference?: string, created?: string): Buffer {
  const payload: SignaturePayload = {
    type: signatureArtifactType,
    digest,
    size,
    mediaType,
    ...(reference === undefined ? {} : { reference }),
    ...(created === undefined ? {} : { created }),
  };
  return Buffer.from(JSON.stringify(payload));
}

/** Reads a payload; undefined for anything that is not one in its one form. */
export function readPayload(bytes: Uint8Array): SignaturePayload | undefined {
  try {
    const payload = payloadField.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    const again = payloadBytes(payload, payload.reference, payload.created);
    return again.equals(bytes) ? payload : undefined;
  } catch {
    return undefined;
  }
}

/** The artifact type of a signature: a manifest whose subject is what is signed. */
export const signatureArtifactType = "application/vnd.outrigger.signature.v1";
/** What is signed, as JSON. */
export const signaturePayloadType = "application/vnd.outrigger.signature.payload.v1+json";
/** The key's fingerprint, on the signature's manifest and its layer. */
export const keyAnnotation = "dev.outrigger.signature.key";
/** The Ed25519 signature of the payload's bytes in base64, on the layer. */
export const valueAnnotation = "dev.outrigger.signature.ed25519";

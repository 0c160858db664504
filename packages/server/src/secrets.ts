import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { serverErrors } from "./errors.ts";

/** Encrypts secrets with the server's key. A ciphertext opens only at the place it was sealed for, so ciphertexts can't be swapped. */
export interface Vault {
  readonly seal: (place: string, text: string) => string;
  /** @throws secret-unreadable */
  readonly open: (place: string, sealed: string) => string;
  /** Tells whether a secret is another one; says nothing of it without the key. */
  readonly digest: (place: string, text: string) => string;
  /** Proves that this server has said the text; in base64url. */
  readonly sign: (text: string) => string;
}

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM with the place as additional data; HMAC-SHA-256 with a key of its own for digests. */
export function createVault(key: Uint8Array): Vault {
  const digestKey = new Uint8Array(hkdfSync("sha256", key, "", "outrigger secret digests", 32));
  const signKey = new Uint8Array(hkdfSync("sha256", key, "", "outrigger discovery tokens", 32));
  return {
    seal: (place, text) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    open: (place, sealed) => {
      try {
        const bytes = Buffer.from(sealed, "base64");
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
          .setAAD(Buffer.from(place))
          .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw serverErrors["secret-unreadable"]({ place }, { cause });
      }
    },
    digest: (place, text) => createHmac("sha256", digestKey).update(place).update("\0").update(text).digest("hex").slice(0, 32),
    sign: (text) => createHmac("sha256", signKey).update(text).digest("base64url"),
  };
}

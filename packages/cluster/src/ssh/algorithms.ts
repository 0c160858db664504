import type { Algorithms, CipherAlgorithm, ServerHostKeyAlgorithm } from "ssh2";

/** As sent by the host: what a key's blob calls itself, e.g. `ssh-rsa` for RSA whatever the signature. */
const hostKeyAlgorithms: readonly { readonly type: string; readonly names: readonly ServerHostKeyAlgorithm[] }[] = [
  { type: "ssh-ed25519", names: ["ssh-ed25519"] },
  { type: "ecdsa-sha2-nistp256", names: ["ecdsa-sha2-nistp256"] },
  { type: "ecdsa-sha2-nistp384", names: ["ecdsa-sha2-nistp384"] },
  { type: "ecdsa-sha2-nistp521", names: ["ecdsa-sha2-nistp521"] },
  { type: "ssh-rsa", names: ["rsa-sha2-512", "rsa-sha2-256"] },
];

/** AES-GCM first: processors have instructions for it, so it costs a fraction of the others. */
const ciphers: readonly CipherAlgorithm[] = [
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "aes128-ctr",
  "aes256-ctr",
  "chacha20-poly1305@openssh.com",
];

/**
 * What is offered to a host: nothing that rests on SHA-1, CBC or small groups. Host keys of the types that are known of it come first, as OpenSSH does it, so
 * that a host with several is not taken for another.
 */
export function offeredAlgorithms(knownTypes: ReadonlySet<string>): Algorithms {
  const known = hostKeyAlgorithms.filter(({ type }) => knownTypes.has(type));
  const others = hostKeyAlgorithms.filter(({ type }) => !knownTypes.has(type));
  return {
    kex: [
      "curve25519-sha256",
      "curve25519-sha256@libssh.org",
      "ecdh-sha2-nistp256",
      "ecdh-sha2-nistp384",
      "ecdh-sha2-nistp521",
      "diffie-hellman-group-exchange-sha256",
      "diffie-hellman-group16-sha512",
      "diffie-hellman-group18-sha512",
      "diffie-hellman-group14-sha256",
    ],
    serverHostKey: [...known, ...others].flatMap(({ names }) => names),
    cipher: [...ciphers],
    hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
    compress: ["none"],
  };
}

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { wordsOf } from "@outrigger/plugin";
import { digestOf } from "../digest.ts";
import { registryErrors } from "../errors.ts";

/** An Ed25519 key (RFC 8032). */
export interface Key {
  readonly key: KeyObject;
  /** `sha256:` and hex digits, of the public key (SubjectPublicKeyInfo, DER). */
  readonly fingerprint: string;
}

/** Makes a pair: `file` (PKCS #8, only its owner may read it) and `file.pub` (SubjectPublicKeyInfo). Neither may exist. @returns the fingerprint */
export async function generateKeyFiles(file: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await write(file, privateKey.export({ type: "pkcs8", format: "pem" }), 0o600);
  await write(`${file}.pub`, publicKey.export({ type: "spki", format: "pem" }), 0o644);
  return fingerprintOf(publicKey);
}

/** A key to sign with. @throws key-unusable */
export async function readSigningKey(file: string): Promise<Key> {
  const key = parse(file, await read(file), createPrivateKey);
  return { key, fingerprint: fingerprintOf(createPublicKey(key)) };
}

/** A key to verify with; the signing key's file has it, too. @throws key-unusable */
export async function readPublicKey(file: string): Promise<Key> {
  const key = parse(file, await read(file), createPublicKey);
  return { key, fingerprint: fingerprintOf(key) };
}

function fingerprintOf(key: KeyObject): string {
  return digestOf(key.export({ type: "spki", format: "der" }));
}

function parse(file: string, text: string, create: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = create(text);
  } catch (error) {
    const reason = text.includes("ENCRYPTED") ? "it is encrypted" : "it is no such key in PEM";
    throw registryErrors["key-unusable"]({ file, reason }, { cause: error });
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw registryErrors["key-unusable"]({ file, reason: `it is of the kind ${key.asymmetricKeyType ?? "unknown"}, not Ed25519` });
  return key;
}

async function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw registryErrors["key-unusable"]({ file, reason: wordsOf(error) }, { cause: error });
  });
}

async function write(file: string, text: string | Buffer, mode: number): Promise<void> {
  try {
    await writeFile(file, text, { flag: "wx", mode });
    await chmod(file, mode);
  } catch (error) {
    throw registryErrors["key-unusable"]({ file, reason: wordsOf(error) }, { cause: error });
  }
}

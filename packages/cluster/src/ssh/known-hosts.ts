import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";

/** A line of a known_hosts that has a plain key, as sshd(8) describes the format. */
export interface KnownKey {
  readonly names: string;
  readonly marker: "revoked" | undefined;
  /** What the key calls itself, e.g. `ssh-ed25519`. */
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
  readonly line: number;
}

/** What a host is called in a known_hosts: `10.0.0.1`, or `[10.0.0.1]:2222` for other ports than 22. */
export function knownHostName(ip: string, port: number): string {
  return port === 22 ? ip : `[${ip}]:${port}`;
}

/** `SHA256:...`, as OpenSSH shows it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** What a key's blob begins with: the length of its type and the type. */
export function typeOfKey(key: Buffer): string {
  return key.length < 4 ? "" : key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}

/**
 * A file's keys; none where there is no file. Lines of certificate authorities count for nobody: certificates are not asked for.
 *
 * @param whose in a file of our own a line that is no key is an error, so that damage is not read as "nothing is known"; in the user's it is left out, as by OpenSSH
 * @throws known-hosts-unusable
 */
export function readKnownHosts(file: string, whose: "ours" | "the user's" = "ours"): readonly KnownKey[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw clusterErrors["known-hosts-unusable"]({ file, reason: wordsOf(error) });
  }
  return text.split("\n").flatMap((each, index): KnownKey[] => {
    const words = each.trim().split(/[ \t]+/);
    if (words[0] === "" || words[0]?.startsWith("#")) return [];
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [names, type, encoded] = words;
    if (marker === "@cert-authority") return [];
    const key = Buffer.from(encoded ?? "", "base64");
    if (names === undefined || type === undefined || typeOfKey(key) !== type || (marker !== undefined && marker !== "@revoked")) {
      if (whose !== "ours") return [];
      throw clusterErrors["known-hosts-unusable"]({ file: `${file}:${index + 1}`, reason: "the line is no host key" });
    }
    return [{ names, marker: marker === undefined ? undefined : "revoked", type, key, file, line: index + 1 }];
  });
}

/** Whether a line's names mean this host: plain, with wildcards, negated, or hashed. */
export function namesHost(names: string, name: string): boolean {
  if (names.startsWith("|1|")) {
    const [salt = "", hash = ""] = names.slice(3).split("|");
    const expected = Buffer.from(hash, "base64");
    const found = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
    return expected.length === found.length && timingSafeEqual(expected, found);
  }
  const patterns = names.split(",");
  const matches = (pattern: string): boolean => wildcard(pattern).test(name);
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern));
}

function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/[\\^$.|+()[\]{}*?]/g, (sign) => (sign === "*" ? ".*" : sign === "?" ? "." : `\\${sign}`));
  return new RegExp(`^${source}$`, "i");
}

/** Adds a key to a file of our own, made with mode 0600. @throws known-hosts-unusable */
export function addKnownHost(file: string, name: string, key: Buffer): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const before = existsSync(file) ? readFileSync(file, "utf8") : "";
    const gap = before === "" || before.endsWith("\n") ? "" : "\n";
    // One write of one line: others that add to the file at the same time keep theirs.
    appendFileSync(file, `${gap}${name} ${typeOfKey(key)} ${key.toString("base64")}\n`, { mode: 0o600 });
    chmodSync(file, 0o600);
  } catch (error) {
    throw clusterErrors["known-hosts-unusable"]({ file, reason: wordsOf(error) });
  }
}

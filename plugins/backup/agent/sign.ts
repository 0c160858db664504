import { createHash, createHmac } from "node:crypto";

/** A request to be signed. */
export interface Unsigned {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Hexadecimal SHA-256 of the body. */
  readonly bodyHash: string;
}

export interface Signer {
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Headers with AWS Signature Version 4 for S3, to be sent within 15 minutes of `now`. */
export function signed(
  { method, url, headers, bodyHash }: Unsigned,
  { region, accessKey, secretKey }: Signer,
  now: Date,
): Readonly<Record<string, string>> {
  const time = now.toISOString().replace(/[-:]|\.[0-9]{3}/g, "");
  const day = time.slice(0, 8);
  const all: Readonly<Record<string, string>> = { ...headers, host: url.host, "x-amz-content-sha256": bodyHash, "x-amz-date": time };
  const names = Object.keys(all)
    .map((name) => name.toLowerCase())
    .sort();
  const values = Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, " ")]));
  const canonical = [
    method,
    url.pathname,
    [...url.searchParams]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join("&"),
    ...names.map((name) => `${name}:${values[name]}`),
    "",
    names.join(";"),
    bodyHash,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer>((former, part) => hmac(former, part), Buffer.from(`AWS4${secretKey}`));
  const signature = hmac(key, toSign).toString("hex");
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

/** RFC 3986: all but letters, digits and `-._~` is escaped. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

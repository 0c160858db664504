import { randomBytes } from "node:crypto";

/** A fresh ETag. Random, so that a thing deleted and made again never matches what was read before. */
export function newEtag(): string {
  return randomBytes(9).toString("base64url");
}

import { readFileSync } from "node:fs";

/** The name that /etc/passwd has for a user's number; undefined where it has none. */
export function userName(uid: number): string | undefined {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((each) => each.split(":")[2] === String(uid));
    return line?.split(":")[0];
  } catch {
    return undefined;
  }
}

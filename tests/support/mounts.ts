import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Unmounts all that is mounted below a folder, the innermost first. */
export function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const mount of mounts.toReversed()) execFileSync("umount", ["--lazy", mount]);
}

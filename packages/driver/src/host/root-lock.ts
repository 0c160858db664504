import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { driverErrors } from "../errors.ts";
import type { RootFolder } from "./root-folder.ts";
import { identityOf, isAlive } from "./run/process-identity.ts";

/** Takes a root folder for this process. @throws root-in-use @returns what gives it back */
export function lockRoot(root: RootFolder): () => void {
  const file = join(root.path, "host.pid");
  const own = identityOf(process.pid);
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(file, `${own?.pid} ${own?.started}\n`, { flag: "wx", mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch {
      const [pid = "0", started = ""] = readOr(file).trim().split(" ");
      const holder = { pid: Number(pid), started };
      if (tries > 0 || isAlive(holder)) throw driverErrors["root-in-use"]({ root: root.path, pid });
      rmSync(file, { force: true });
    }
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Measurement } from "./measurement.ts";

const root = join(import.meta.dirname, "..");
/** The command as it is installed. */
const installed = join(root, "dist", "packages", "cli", "lib", "main.js");

/** Resident memory of `outrigger server` 10 s after it is up, nothing asked of it; and the time of `outrigger --version` beside that of `node -e 0`. */
export async function benchProcess(): Promise<readonly Measurement[]> {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "ignore" });
  return [
    { name: "idle server, resident memory", value: await idleMemory(), unit: "MB", goal: "below 100" },
    {
      name: "outrigger --version",
      value: medianTime(process.execPath, [installed, "--version"]),
      unit: "ms",
      peer: { name: "node -e 0", value: medianTime(process.execPath, ["-e", "0"]) },
      goal: "below 100 ms",
    },
    {
      name: "outrigger --version, from a checkout",
      value: medianTime(join(root, "outrigger"), ["--version"]),
      unit: "ms",
      goal: "below 100 ms",
    },
  ];
}

async function idleMemory(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "outrigger-bench-"));
  const child = spawn(process.execPath, [installed, "server", "--port", "0"], {
    env: { ...process.env, OUTRIGGER_DATA_DIR: dataDir },
    stdio: "ignore",
  });
  try {
    await sleep(10_000);
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function medianTime(program: string, words: readonly string[]): number {
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now();
    spawnSync(program, words);
    return performance.now() - start;
  });
  return Math.round(times.toSorted((a, b) => a - b)[7] ?? 0);
}

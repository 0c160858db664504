import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createDockerClient } from "@outrigger/runtime";

/** A dockerd of the test's own, with a disk of `size` (e.g. `120m`) in memory and no networks; gone when the test ends. Needs root. */
export async function ownEngine(context: TestContext, size: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-engine-"));
  const disk = join(folder, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk]);
  const host = `unix://${join(folder, "docker.sock")}`;
  const folders = ["--data-root", disk, "--exec-root", join(folder, "run"), "--pidfile", join(folder, "pid")];
  // In a network namespace of its own: a dockerd without a bridge deletes docker0, whosever it is.
  const daemon = spawn(
    "unshare",
    ["--net", "dockerd", ...folders, "--host", host, "--bridge", "none", "--iptables=false", "--ip6tables=false"],
    {
      stdio: "ignore",
    },
  );
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  context.after(async () => {
    daemon.kill("SIGTERM");
    await ended;
    execFileSync("umount", ["--lazy", disk]);
    rmSync(folder, { recursive: true, force: true });
  });
  const client = createDockerClient(host);
  for (let tries = 0; ; tries += 1) {
    const answered = await client.version().then(
      () => true,
      () => false,
    );
    if (answered || tries === 100) break;
    await sleep(100);
  }
  client.close();
  return host;
}

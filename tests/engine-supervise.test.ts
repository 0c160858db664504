import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runs, until } from "./support/engine-gateway.ts";
import { execute, root } from "./support/sandbox.ts";

test("--supervise starts dockerd before the first request, again when it dies, and ends it with the gateway", {
  timeout: 120_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-supervise-"));
  chmodSync(folder, 0o755);
  const disk = join(folder, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=120m", "tmpfs", disk]);
  // A dockerd without a bridge deletes docker0, whosever it is; so this one has a network namespace of its own.
  writeFileSync(join(folder, "dockerd"), '#!/bin/sh\nexec unshare --net /usr/sbin/dockerd "$@"\n', { mode: 0o755 });
  mkdirSync(join(folder, "plugins"));
  const pidFile = join(folder, "pid");
  const files = ["--data-root", disk, "--exec-root", join(folder, "run"), "--pidfile", pidFile];
  const options = [...files, "--bridge", "none", "--iptables=false", "--ip6tables=false"];
  const own = ["--plugins", join(folder, "plugins"), "--state", join(folder, "state")];
  const [upstream, socket] = [`unix://${folder}/upstream.sock`, `unix://${folder}/docker.sock`];
  const gateway = spawn(
    join(root, "outrigger"),
    ["engine", "--listen", socket, "--upstream", upstream, ...own, "--supervise", "--", ...options],
    {
      env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}` },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  context.after(async () => {
    if (gateway.exitCode === null) {
      const ended = once(gateway, "exit");
      gateway.kill("SIGTERM");
      await ended;
    }
    execFileSync("umount", ["--lazy", disk]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  const answers = async (): Promise<boolean> => (await execute("docker", ["-H", socket, "version"], root)).code === 0;
  await until("the gateway answers", answers, 60);
  const first = Number(readFileSync(pidFile, "utf8"));
  process.kill(first, "SIGKILL");
  await until("another dockerd runs", async () => (await answers()) && Number(readFileSync(pidFile, "utf8")) !== first, 60);
  const second = Number(readFileSync(pidFile, "utf8"));
  gateway.kill("SIGTERM");
  const [code] = (await once(gateway, "exit")) as [number];
  assert.equal(code, 0);
  assert.equal(runs(second), false);
});

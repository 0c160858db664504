import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pack } from "tar-stream";
import { unmountBelow } from "../../../../tests/support/mounts.ts";

export const tinyImage = "localhost/outrigger-tiny:1";

/** A containerd of the test's own with its CRI plug-in and a tiny image, gone when the test ends. @returns its socket's path */
export async function ownContainerd(context: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-cri-"));
  const socket = join(folder, "containerd.sock");
  writeFileSync(join(folder, "config.toml"), configuration(folder, socket));
  const daemon = spawn("containerd", ["--config", join(folder, "config.toml"), "--log-level", "error"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  daemon.stderr.setEncoding("utf8").on("data", (text: string) => log.push(text));
  const ctr = (...words: string[]): string =>
    execFileSync("ctr", ["-a", socket, "-n", "k8s.io", ...words], { encoding: "utf8", stdio: "pipe", timeout: 60_000 });
  context.after(async () => {
    if (daemon.kill("SIGTERM")) await once(daemon, "exit");
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  for (let tries = 0; tries < 300 && daemon.exitCode === null && !existsSync(socket); tries += 1) await sleep(50);
  assert.ok(existsSync(socket), `containerd does not start: ${log.join("")}`);
  const archive = join(folder, "image.tar");
  writeFileSync(archive, await imageArchive());
  ctr("images", "import", "--snapshotter", "native", archive);
  return socket;
}

function configuration(folder: string, socket: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "${socket}"
[${cri}]
sandbox_image = "${tinyImage}"
restrict_oom_score_adj = true
disable_apparmor = true
stream_server_port = "0"
[${cri}.containerd]
snapshotter = "native"
default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.cni]
bin_dir = "${folder}/cni"
conf_dir = "${folder}/cni"
`;
}

/** An image as `docker save` makes it: busybox, which sleeps where nothing else is asked of it. */
async function imageArchive(): Promise<Buffer> {
  const layer = await tar(["bin/", "tmp/", "etc/", "proc/", "dev/", "sys/"], { "bin/busybox": readFileSync("/bin/busybox") });
  const config = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Entrypoint: ["/bin/busybox", "sleep", "3600"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(layer).digest("hex")}`] },
  });
  const manifest = JSON.stringify([{ Config: "config.json", RepoTags: [tinyImage], Layers: ["layer.tar"] }]);
  return tar([], { "config.json": Buffer.from(config), "layer.tar": layer, "manifest.json": Buffer.from(manifest) });
}

async function tar(folders: readonly string[], files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const archive = pack();
  for (const name of folders) archive.entry({ name, type: "directory", mode: 0o755 });
  for (const [name, content] of Object.entries(files)) archive.entry({ name, mode: 0o755 }, content);
  archive.finalize();
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>));
}

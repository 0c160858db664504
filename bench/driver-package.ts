import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { digestOf, mediaTypes, openRepository, type Repository } from "@outrigger/registry";
import { startRegistry } from "../tests/support/registry.ts";
import type { Measurement } from "./measurement.ts";

const run = promisify(execFile);
const outrigger = join(import.meta.dirname, "..", "outrigger");
const rounds = 3;
/** Of the root filesystem, in bytes. */
const size = 300 * 2 ** 20;

/**
 * A driver with a root filesystem of 300 MB (Debian, Node and libraries of this machine), each step as one command from its start to its end, in turn: built and
 * pushed to a registry on this machine, beside `docker plugin create` and `push`; installed without being enabled, beside `docker plugin install --disable`, and
 * beside `skopeo copy` and `umoci unpack` of an image with the same layer. Medians of three rounds.
 */
export async function benchDriverPackage(): Promise<readonly Measurement[]> {
  const ends: (() => unknown)[] = [];
  const context = { after: (end?: unknown) => void ends.push(end as () => unknown) };
  const folder = mkdtempSync(join(tmpdir(), "outrigger-bench-driver-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const registry = await startRegistry(context as never);
    const door = await countingDoor(registry.host);
    ends.push(door.close);
    const source = driverFolder(folder);
    const environment = {
      ...process.env,
      OUTRIGGER_PACKAGES: join(folder, "store"),
      OUTRIGGER_DRIVER_HOST: `unix://${folder}/driver.sock`,
    };
    const command = async (program: string, ...words: readonly string[]): Promise<number> => {
      const start = performance.now();
      await run(program, words, { env: environment, maxBuffer: 2 ** 26 });
      return performance.now() - start;
    };
    const host = execFile(
      outrigger,
      [
        "driver",
        "host",
        "--listen",
        environment.OUTRIGGER_DRIVER_HOST,
        "--root",
        join(folder, "host"),
        "--publish",
        join(folder, "publish"),
      ],
      {
        env: environment,
      },
    );
    ends.push(() => host.kill());
    await until(() => statSync(join(folder, "driver.sock"), { throwIfNoEntry: false }) !== undefined);

    const times: Record<"shipped" | "dockerShipped" | "again" | "installed" | "dockerInstalled" | "unpacked", number[]> = {
      shipped: [],
      dockerShipped: [],
      again: [],
      installed: [],
      dockerInstalled: [],
      unpacked: [],
    };
    let [sent, dockerSent] = [0, 0];
    for (let round = 0; round < rounds; round += 1) {
      const [ours, theirs] = [`${door.host}/bench/ours:${round}`, `${door.host}/bench/theirs:${round}`];
      change(source, round);
      rmSync(join(folder, "store"), { recursive: true, force: true });
      let before = door.sent();
      times.shipped.push(
        (await command(outrigger, "driver", "build", source, "--force", "-t", ours)) + (await command(outrigger, "driver", "push", ours)),
      );
      sent = door.sent() - before;
      before = door.sent();
      times.dockerShipped.push(
        (await command("docker", "plugin", "create", theirs, source)) + (await command("docker", "plugin", "push", theirs)),
      );
      dockerSent = door.sent() - before;
      await command("docker", "plugin", "rm", theirs);

      times.dockerInstalled.push(await command("docker", "plugin", "install", "--disable", "--grant-all-permissions", ours));
      await command("docker", "plugin", "rm", ours);
      times.installed.push(await command(outrigger, "driver", "install", ours, "--disable", "--grant-all-permissions"));
      await command(outrigger, "driver", "rm", ours);
      await asImage(door.host, round);
      const [layout, bundle] = [join(folder, `layout-${round}`), join(folder, `bundle-${round}`)];
      const copied = await command(
        "skopeo",
        "copy",
        "-q",
        "--src-tls-verify=false",
        `docker://${door.host}/bench/image:${round}`,
        `oci:${layout}:bench`,
      );
      times.unpacked.push(copied + (await command("umoci", "unpack", "--image", `${layout}:bench`, bundle)));
      for (const gone of [layout, bundle]) rmSync(gone, { recursive: true, force: true });
    }
    const peer = (name: string, values: readonly number[]) => ({ name, value: median(values) });
    const best =
      median(times.dockerInstalled) < median(times.unpacked)
        ? peer("docker plugin install --disable", times.dockerInstalled)
        : peer("skopeo copy and umoci unpack", times.unpacked);
    return [
      {
        name: "build and push of a 300 MB driver",
        value: median(times.shipped),
        unit: "ms",
        peer: peer("docker plugin create and push", times.dockerShipped),
        goal: "at least 3 x faster: ratio at most 0.33",
      },
      {
        name: "pull, check and unpack of it",
        value: median(times.installed),
        unit: "ms",
        peer: best,
        goal: "at least 1.5 x faster than the best: ratio at most 0.67",
      },
      { name: "the slower of the peers", value: Math.max(median(times.dockerInstalled), median(times.unpacked)), unit: "ms", goal: "-" },
      {
        name: "second push after a change of 1 MB",
        value: sent,
        unit: "bytes sent",
        peer: { name: "docker plugin push", value: dockerSent },
        goal: "measured: one layer is what engines take",
      },
    ];
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** config.json and a rootfs of {@link size} bytes from what is on this machine. */
function driverFolder(folder: string): string {
  const source = join(folder, "driver");
  const rootfs = join(source, "rootfs");
  mkdirSync(rootfs, { recursive: true });
  const container = execFileSync("docker", ["create", "debian:bookworm-slim", "true"], { encoding: "utf8" }).trim();
  execFileSync("sh", ["-c", `docker export ${container} | tar -x -C ${rootfs}; docker rm ${container}`], { stdio: "ignore" });
  cpSync(process.execPath, join(rootfs, "node"));
  const extra = join(rootfs, "opt");
  let left = size - Number(execFileSync("du", ["-sb", rootfs], { encoding: "utf8" }).split("\t")[0]);
  const files = execFileSync("find", ["/usr/lib", "-xdev", "-type", "f"], { encoding: "utf8", maxBuffer: 2 ** 26 });
  for (const file of files.trim().split("\n").toSorted()) {
    const bytes = statSync(file).size;
    if (bytes > left || bytes > 2 ** 23) continue;
    mkdirSync(dirname(join(extra, file)), { recursive: true });
    cpSync(file, join(extra, file));
    left -= bytes;
  }
  const config = { entrypoint: ["/bin/true"], interface: { types: ["docker.volumedriver/1.0"], socket: "bench.sock" } };
  writeFileSync(join(source, "config.json"), JSON.stringify(config));
  return source;
}

/** One megabyte that no compression makes smaller, another each round. */
function change(source: string, round: number): void {
  const bytes = Buffer.alloc(2 ** 20);
  for (let at = 0; at < bytes.length; at += 64) Buffer.from(digestOf(`${round} ${at}`).slice(7), "hex").copy(bytes, at);
  writeFileSync(join(source, "rootfs", "changed"), bytes);
}

/** An image with the layer of the driver, for tools that read images only. */
async function asImage(host: string, round: number): Promise<void> {
  const drivers = openRepository({ registry: host, repository: "bench/ours" });
  const images = openRepository({ registry: host, repository: "bench/image" });
  try {
    const manifest = JSON.parse(Buffer.from((await drivers.manifest(String(round))).bytes).toString("utf8"));
    const [layer] = manifest.layers;
    await images.mount(layer, "bench/ours");
    // Not synchronously: the registry's door is in this process.
    const sum = `curl -s http://${host}/v2/bench/ours/blobs/${layer.digest} | gunzip | sha256sum`;
    const { stdout: diffId } = await run("sh", ["-c", sum]);
    const rootfs = { type: "layers", diff_ids: [`sha256:${diffId.slice(0, 64)}`] };
    const config = await writeJson(images, mediaTypes.ociImageConfig, { architecture: "amd64", os: "linux", config: {}, rootfs });
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] }));
    await images.writeManifest(
      { descriptor: { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), size: bytes.length }, bytes },
      String(round),
    );
  } finally {
    drivers.close();
    images.close();
  }
}

async function writeJson(target: Repository, mediaType: string, value: object) {
  const bytes = Buffer.from(JSON.stringify(value));
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await target.writeBlob(descriptor, async function* () {
    yield bytes;
  });
  return descriptor;
}

/** A port that passes all on to the registry and counts what it is sent. */
async function countingDoor(registry: string) {
  const [host = "", port = ""] = registry.split(":");
  let sent = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    client.on("data", (part) => {
      sent += part.length;
    });
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return { host: `127.0.0.1:${address.port}`, sent: () => sent, close: () => void server.close() };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}

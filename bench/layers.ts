import { execFileSync, spawnSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { treeOfDirectory, unpackLayer, writeLayer } from "@outrigger/registry";
import type { Measurement } from "./measurement.ts";

/** What is packed: a Debian root filesystem, as the engine has it. */
const image = "debian:bookworm-slim";

/** A root filesystem to a layer and back, in MB of the plain tar a second, beside the tools that are at hand. Median of three, one after the other in turn. */
export async function benchLayers(): Promise<readonly Measurement[]> {
  // In memory where that can be: how long the disk takes to make a file says nothing of the programs.
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "outrigger-bench-"));
  try {
    const root = join(folder, "root");
    mkdirSync(root);
    const container = execFileSync("docker", ["create", image, "/x"], { encoding: "utf8" }).trim();
    shell(`docker export ${container} | tar -C "$1" -x; docker rm ${container} >/dev/null`, root);
    const layer = join(folder, "layer");
    const [ours, gzip, pigz]: [number[], number[], number[]] = [[], [], []];
    const [unpacked, tarred]: [number[], number[]] = [[], []];
    let size = 0;
    for (let round = 0; round < 3; round += 1) {
      rmSync(layer, { force: true });
      ours.push(
        await seconds(async () => {
          const { plainSize } = await writeLayer(await treeOfDirectory(root), { file: layer });
          size = plainSize;
        }),
      );
      const tar = 'tar --sort=name --numeric-owner -C "$1" -c .';
      gzip.push(await seconds(() => shell(`${tar} | gzip -6 > "$2"`, root, `${layer}.gzip`)));
      pigz.push(await seconds(() => shell(`${tar} | pigz -6 > "$2"`, root, `${layer}.pigz`)));
      const [one, other] = [join(folder, `ours-${round}`), join(folder, `tar-${round}`)];
      mkdirSync(other);
      unpacked.push(
        await seconds(() => unpackLayer(createReadStream(layer, { highWaterMark: 2 ** 20 }), one, { name: layer, devices: "make" })),
      );
      tarred.push(await seconds(() => shell('tar -C "$1" -xzf "$2"', other, layer)));
    }
    const rate = (times: readonly number[]): number => Math.round(size / 1e6 / (times.toSorted((a, b) => a - b)[1] ?? 1));
    const percent = Math.round((100 * statSync(layer).size) / statSync(`${layer}.gzip`).size);
    const written = { name: "a folder to a gzip layer", value: rate(ours), unit: "MB/s" };
    return [
      { ...written, peer: { name: "tar | gzip -6", value: rate(gzip) }, goal: `above 3; its size is ${percent} % of gzip's` },
      { ...written, peer: { name: "tar | pigz -6", value: rate(pigz) }, goal: "above 1" },
      {
        name: "a gzip layer to a folder",
        value: rate(unpacked),
        unit: "MB/s",
        peer: { name: "tar -xz", value: rate(tarred) },
        goal: "above 1",
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function shell(line: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync("sh", ["-ec", line, "sh", ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${line}: ${stderr}`);
}

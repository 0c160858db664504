import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { runtimeErrors } from "../errors.ts";
import type { DockerClient } from "./client.ts";
import { unlessMissing } from "./refusal.ts";
import type { ImageInspection } from "./types.ts";

/** The image of every pod's infra container. */
export const infraImage = "outrigger/infra:1";

/** For each of the engine's architectures: ELF's number of the machine, and a program that sleeps until it is killed. */
const machines: Readonly<Record<string, { readonly elf: number; readonly code: readonly number[] }>> = {
  amd64: {
    elf: 62,
    code: [
      ...[0xb8, 34, 0, 0, 0], // mov eax, 34 (pause)
      ...[0x0f, 0x05], // syscall
      ...[0xeb, 0xf7], // jmp to the first instruction
    ],
  },
  arm64: {
    elf: 183,
    // arm64 has no pause; ppoll(NULL, 0, NULL, NULL, 0) waits just as long.
    code: [0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800004, 0xd2800928, 0xd4000001, 0x17fffff9].flatMap(littleEndian),
    // mov x0..x4, 0; mov x8, 73 (ppoll); svc 0; b to the first instruction
  },
};

function littleEndian(word: number): readonly number[] {
  return [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];
}

/** A static ELF program of 129 to 152 bytes: file header, one loaded segment, the code. @throws engine-architecture */
export function pauseProgram(architecture: string): Buffer {
  const machine = machines[architecture];
  if (machine === undefined) throw runtimeErrors["engine-architecture"]({ found: architecture });
  const [origin, header, segment] = [0x400000n, 64, 56];
  const head = Buffer.alloc(header + segment);
  const size = BigInt(head.length + machine.code.length);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bits, little endian, version 1
  head.writeUInt16LE(2, 16); // an executable
  head.writeUInt16LE(machine.elf, 18);
  head.writeUInt32LE(1, 20); // version
  head.writeBigUInt64LE(origin + BigInt(head.length), 24); // entry: the code comes right after the headers
  head.writeBigUInt64LE(BigInt(header), 32); // where the segment table is
  head.writeUInt16LE(header, 52);
  head.writeUInt16LE(segment, 54);
  head.writeUInt16LE(1, 56); // one segment
  head.writeUInt32LE(1, 64); // loaded,
  head.writeUInt32LE(5, 68); // readable and executable,
  head.writeBigUInt64LE(origin, 80); // at this virtual address
  head.writeBigUInt64LE(origin, 88);
  head.writeBigUInt64LE(size, 96);
  head.writeBigUInt64LE(size, 104);
  head.writeBigUInt64LE(0x1000n, 112); // page
  return Buffer.concat([head, Buffer.from(machine.code)]);
}

/** The image as `docker save` writes it. Equal bytes every time, so that loading it twice gives one image. @throws engine-architecture */
export async function infraImageArchive(architecture: string): Promise<Buffer> {
  const layer = await tar({ pause: pauseProgram(architecture) });
  const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config: { Entrypoint: ["/pause"] },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest(layer)}`] },
      history: [{ created: "1970-01-01T00:00:00Z", created_by: "outrigger" }],
    }),
  );
  const name = `${digest(config)}.json`;
  const manifest = Buffer.from(JSON.stringify([{ Config: name, RepoTags: [infraImage], Layers: ["layer.tar"] }]));
  return tar({ "layer.tar": layer, [name]: config, "manifest.json": manifest });
}

async function tar(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, bytes] of Object.entries(files)) archive.entry({ name, mode: 0o755, mtime: new Date(0) }, bytes);
  archive.finalize();
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>));
}

/** Loads the infra image where the engine does not have it. */
export async function ensureInfraImage(client: DockerClient): Promise<void> {
  const found = await unlessMissing(client.call<ImageInspection>("GET", `/images/${infraImage}/json`));
  if (found !== undefined) return;
  const archive = await infraImageArchive((await client.version()).Arch);
  const answer = await client.stream("POST", "/images/load", {
    query: { quiet: true },
    body: Readable.from([archive]),
    headers: { "content-type": "application/x-tar" },
  });
  for await (const _ of answer);
}

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Store } from "./store.ts";

/** Writes `NAME  BYTES` lines, oldest first. */
export async function listArchives(store: Store, output: Writable): Promise<void> {
  for (const { name, bytes } of await store.list()) output.write(`${name}  ${bytes}\n`);
}

/**
 * Writes an archive as a plain tar, once its checksum has been found right: nothing that is broken is ever unpacked. It is read twice.
 *
 * @param name of an archive, or `latest`
 * @throws TypeError where there is none, or it is broken
 */
export async function readArchive(store: Store, name: string, output: Writable): Promise<void> {
  const archives = await store.list();
  const found = name === "latest" ? archives.at(-1) : archives.find((archive) => archive.name === name);
  if (found === undefined) throw new TypeError(`there is no archive ${name}; \`backup list\` shows those that there are`);
  const hash = createHash("sha256");
  for await (const chunk of (await store.read(found.name)) as AsyncIterable<Buffer>) hash.update(chunk);
  const [wanted, got] = [await store.checksum(found.name), hash.digest("hex")];
  if (wanted !== got) throw new TypeError(`${found.name} is broken: its SHA-256 is ${got}, not ${wanted}`);
  const source = await store.read(found.name);
  const program = found.name.endsWith(".gz") ? "gzip" : found.name.endsWith(".zst") ? "zstd" : undefined;
  if (program === undefined) return pipeline(source, output);
  const unpacker = spawn(program, ["--decompress", "--stdout"], { env: { PATH: process.env["PATH"] }, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve, reject) => {
    unpacker.once("error", reject);
    unpacker.once("close", (code) => (code === 0 ? resolve() : reject(new TypeError(`${program} ended with ${code}`))));
  });
  await Promise.all([pipeline(source, unpacker.stdin), pipeline(unpacker.stdout, output), ended]);
}

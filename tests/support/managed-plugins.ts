import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { execute, type Result } from "./sandbox.ts";

/** Where the shared engine keeps its plug-ins; the test runs on the same machine, as root. */
const engineRoot = execFileSync("docker", ["info", "--format", "{{.DockerRootDir}}"], { encoding: "utf8" }).trim();

/** A plug-in as the engine stores it. */
export interface StoredPlugin {
  readonly id: string;
  readonly rootfs: string;
  /** The configuration's exact bytes. */
  readonly config: Buffer;
  /** Digests of layers that the engine remembers. */
  readonly blobs: readonly string[] | null;
  readonly manifest: string;
}

/** Runs `docker plugin ...`. */
export function dockerPlugin(...words: readonly string[]): Promise<Result> {
  return execute("docker", ["plugin", ...words], "/");
}

/** Installs from a registry, without enabling unless told; removed when the test ends. Never by digest: it would crash the engine. */
export async function installPlugin(context: TestContext, reference: string, ...options: readonly string[]): Promise<Result> {
  if (reference.includes("@")) throw new TypeError("an engine before 25.0.3 panics when it installs by digest");
  context.after(() => dockerPlugin("rm", "--force", reference));
  return dockerPlugin("install", "--grant-all-permissions", ...(options.length === 0 ? ["--disable"] : options), reference);
}

/** What the engine has on disk of a plug-in. */
export function storedPlugin(name: string): StoredPlugin {
  const id = execFileSync("docker", ["plugin", "inspect", "--format", "{{.Id}}", name], { encoding: "utf8" }).trim();
  const folder = join(engineRoot, "plugins", id);
  const record = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as {
    Config: string;
    Blobsums: string[] | null;
    Manifest: string;
  };
  const blob = join(engineRoot, "plugins", "storage", "blobs", record.Config.replace(":", "/"));
  return {
    id,
    rootfs: join(folder, "rootfs"),
    config: existsSync(blob) ? readFileSync(blob) : Buffer.alloc(0),
    blobs: record.Blobsums,
    manifest: record.Manifest,
  };
}

/** A request to the shared engine. */
export function askEngine(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: "/var/run/docker.sock", path, headers: { Host: "engine" } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(pieces).toString() || "null") }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Puts anything into a repository of a registry, also what no tool would. */
export function rawRepository(
  host: string,
  repository: string,
): {
  readonly blob: (mediaType: string, bytes: Uint8Array) => Promise<{ mediaType: string; digest: string; size: number }>;
  readonly manifest: (tag: string, value: unknown, mediaType: string) => Promise<number>;
} {
  const base = `http://${host}/v2/${repository}`;
  return {
    blob: async (mediaType, bytes) => {
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      const started = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
      const place = new URL(started.headers.get("location") ?? "", base);
      place.searchParams.set("digest", digest);
      const headers = { "Content-Type": "application/octet-stream" };
      const sent = await fetch(place, { method: "PUT", body: new Uint8Array(bytes), headers });
      if (sent.status !== 201) throw new TypeError(`the registry answered ${sent.status} to a blob`);
      return { mediaType, digest, size: bytes.length };
    },
    manifest: async (tag, value, mediaType) => {
      const sent = await fetch(`${base}/manifests/${tag}`, {
        method: "PUT",
        body: JSON.stringify(value),
        headers: { "Content-Type": mediaType },
      });
      await sent.arrayBuffer();
      return sent.status;
    },
  };
}

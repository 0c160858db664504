import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { pack } from "tar-stream";

/** A file to put into a tar, written by another writer than ours. */
export interface TarFile {
  readonly name: string;
  readonly type?: "file" | "directory" | "symlink" | "link" | "fifo" | "character-device" | "block-device";
  readonly content?: string | Buffer;
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly modified?: number;
  readonly pax?: Readonly<Record<string, string>>;
}

export async function tarOf(files: readonly TarFile[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, type = "file", content = "", target, mode, uid = 0, gid = 0, modified = 0, pax } of files) {
    const header = {
      name,
      type,
      mode: mode ?? (type === "directory" ? 0o755 : 0o644),
      uid,
      gid,
      mtime: new Date(modified * 1000),
      ...(target === undefined ? {} : { linkname: target }),
      ...(pax === undefined ? {} : { pax }),
    };
    if (type === "file") tar.entry(header, content);
    else tar.entry(header);
  }
  tar.finalize();
  return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
}

/** An archive as old engines save it: manifest.json, a configuration, and the layers as files. */
export function savedImage(name: string, layers: readonly Buffer[]): Promise<Buffer> {
  const diffIds = layers.map((layer) => `sha256:${createHash("sha256").update(layer).digest("hex")}`);
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: { Cmd: ["/x"] },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: layers.map(() => ({ created_by: "test" })),
  });
  const paths = layers.map((_, index) => `${index}/layer.tar`);
  return tarOf([
    { name: "config.json", content: config },
    ...layers.map((content, index) => ({ name: paths[index] ?? "", content })),
    { name: "manifest.json", content: JSON.stringify([{ Config: "config.json", RepoTags: [name], Layers: paths }]) },
  ]);
}

/** What the engine makes of an image's layers: the tar of a container that never ran. */
export function exportedImage(name: string): Buffer {
  const container = execFileSync("docker", ["create", name, "/x"], { encoding: "utf8" }).trim();
  try {
    return execFileSync("docker", ["export", container], { maxBuffer: 2 ** 30 });
  } finally {
    execFileSync("docker", ["rm", container], { stdio: "ignore" });
  }
}

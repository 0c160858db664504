import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { DockerClient } from "../client/client.ts";
import { unlessMissing } from "../client/refusal.ts";
import type { ImageInspection } from "../client/types.ts";
import { infraProgram, scriptFile } from "./infra-program.ts";

/** The image of every pod's infra container, and of the helpers that lay its redirects. */
export const infraImage = "outrigger/infra:3";

/** The image as `docker save` writes it. Equal bytes every time, so that loading it twice gives one image. @throws engine-architecture */
export async function infraImageArchive(architecture: string): Promise<Buffer> {
  const layer = await tar({ infra: infraProgram(architecture) });
  const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config: { Entrypoint: ["/infra"] },
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

/** Puts a script into a container of the infra image that is not started yet. */
export async function putScript(client: DockerClient, id: string, script: Buffer): Promise<void> {
  await client.call("PUT", `/containers/${id}/archive`, {
    query: { path: "/" },
    body: Readable.from([await tar({ [scriptFile]: script })]),
    headers: { "content-type": "application/x-tar" },
  });
}

import type { PluginManifest } from "@outrigger/plugin";
import { pack } from "tar-stream";
import type { BuildResource, VersionResource } from "../../src/api/resources.ts";
import { type TestServer, until } from "./server.ts";

/** A manifest as a person would write it; defaults are left out. */
export function manifest(
  name: string,
  more: { version?: string; pod?: object; config?: readonly object[]; description?: string } = {},
): PluginManifest {
  const { version = "1.0.0", pod = {}, config = [], description = "A test." } = more;
  return {
    apiVersion: "outrigger.dev/v1",
    kind: "Plugin",
    metadata: { name, version, description },
    spec: { layer: "pod", pod: { type: "general", source: { image: "example/image:1" }, ...pod }, config },
  } as unknown as PluginManifest;
}

export const sinkGroup: object = {
  group: "sink",
  items: [
    { name: "HOST", required: true },
    { name: "FORMAT", type: "single", options: ["json", "text"], default: "json" },
    { name: "TOKEN", type: "secret" },
  ],
};

/** Sends a manifest and builds it. */
export async function builtPlugin(server: TestServer, sent: PluginManifest, team = "default"): Promise<VersionResource> {
  const { name, version } = sent.metadata;
  const at = `/teams/${team}/plugins/${name}/versions/${version}`;
  const made = await server.send("POST", `/teams/${team}/plugins`, { body: sent });
  if (made.status > 201) throw new TypeError(`POST plugins: ${made.status} ${JSON.stringify(made.body)}`);
  const build = await server.send<BuildResource>("POST", `${at}/builds`);
  if (build.status !== 202) throw new TypeError(`POST builds: ${build.status} ${JSON.stringify(build.body)}`);
  await endedBuild(server, build.body.id, team);
  return (await server.send<VersionResource>("GET", at)).body;
}

export function endedBuild(server: TestServer, id: string, team = "default"): Promise<BuildResource> {
  return until(async () => {
    const { body } = await server.send<BuildResource>("GET", `/teams/${team}/builds/${id}`);
    return body.endedAt !== undefined && body;
  }, `the end of build ${id}`);
}

export interface TarEntry {
  readonly name: string;
  readonly type?: "file" | "directory" | "symlink" | "link" | "character-device" | "fifo";
  readonly linkname?: string;
  readonly text?: string | Buffer;
  readonly mode?: number;
}

/** A tar of these entries, whatever they are. */
export async function tarOf(...entries: readonly TarEntry[]): Promise<Uint8Array> {
  const tar = pack();
  for (const { text = "", ...header } of entries) tar.entry(header, text);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

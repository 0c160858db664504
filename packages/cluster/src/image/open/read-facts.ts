import {
  chooseManifest,
  type ImageConfig,
  isIndexType,
  type Platform,
  parseIndex,
  parseManifest,
  readImageConfig,
} from "@outrigger/registry";
import { clusterErrors } from "../../errors.ts";
import type { ClusterImageFacts } from "../cluster-image.ts";
import { type ImageRecord, recordOf } from "../image-record.ts";
import { trustedDocuments } from "../plugin-files.ts";
import type { ImagePlace } from "./image-place.ts";
import { sealerRecord } from "./sealer-image.ts";

export interface FoundFacts {
  readonly facts: ClusterImageFacts;
  /** Absent where its files have to be looked at. */
  readonly record?: ImageRecord;
}

/** What an image says of itself, without its layers. @throws cluster-image-wrong, image-invalid and the source's own */
export async function readImageFacts({ source, digest }: ImagePlace, name: string): Promise<FoundFacts> {
  const root = await source.manifest(digest);
  const { content } = await chooseManifest(source, root);
  const manifest = parseManifest(content, source.name);
  const config = await readImageConfig(source, manifest, name);
  const record = recordOf(config);
  if (record === "wrong") {
    throw clusterErrors["cluster-image-wrong"]({
      image: name,
      reason: "what it says of itself can't be read; perhaps a later Outrigger made it",
    });
  }
  // What BuildKit adds to an index (attestations) is for no platform.
  const platforms = isIndexType(root.descriptor.mediaType)
    ? parseIndex(root, source.name).manifests.flatMap(({ platform }) =>
        platform === undefined || platform.os === "unknown" ? [] : platform,
      )
    : [platformOf(config)];
  const said = record ?? sealerRecord(manifest);
  const facts: ClusterImageFacts = {
    reference: name,
    digest,
    kind: said?.kind ?? "cluster",
    platforms,
    commands: said?.commands ?? [],
    env: variablesOf(config),
    labels: config.config?.Labels ?? {},
    scripts: record?.scripts ?? [],
    plugins: record === undefined ? [] : trustedDocuments(record.documents, name),
    containerImages: record?.containerImages ?? [],
  };
  return { facts, ...(record === undefined ? {} : { record }) };
}

function platformOf({ os, architecture, variant }: ImageConfig): Platform {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Hosts have a PATH of their own. */
function variablesOf({ config }: ImageConfig): Readonly<Record<string, string>> {
  const pairs = (config?.Env ?? []).map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)] as const);
  return Object.fromEntries(pairs.filter(([name]) => name !== "PATH" && name !== ""));
}

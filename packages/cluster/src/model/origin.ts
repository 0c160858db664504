/** Where a document came from, for plans and messages. */
export type Origin =
  | { readonly from: "image"; readonly image: string; readonly path: string; readonly line: number }
  | { readonly from: "clusterfile"; readonly file: string; readonly line: number }
  | { readonly from: "folder"; readonly file: string; readonly line: number }
  | {
      readonly from: "package";
      /** Its reference, as people write it. */
      readonly package: string;
      /** Of its manifest. */
      readonly digest: string;
      /** The plugin.yaml, unpacked on this machine. */
      readonly file: string;
      readonly line: number;
    };

/** `package example.org/list-nodes:1.0.0 (sha256:0123456789ab)`, `image tiny:1 plugins/motd.yaml:1`, `Clusterfile:12`. */
export function formatOrigin(origin: Origin): string {
  if (origin.from === "package") return `package ${origin.package} (${origin.digest.slice(0, 19)})`;
  return origin.from === "image" ? `image ${origin.image} ${origin.path}:${origin.line}` : `${origin.file}:${origin.line}`;
}

/** Where all of a plug-in came from: `Clusterfile:12 over image tiny:1 plugins/a.yaml:1, built on package ...`. */
export function formatOrigins({
  origin,
  overrides,
  base,
}: {
  readonly origin: Origin;
  readonly overrides?: Origin;
  readonly base?: Origin;
}): string {
  const over = overrides === undefined ? "" : ` over ${formatOrigin(overrides)}`;
  return `${formatOrigin(origin)}${over}${base === undefined ? "" : `, built on ${formatOrigin(base)}`}`;
}

/** A file that documents come from: an {@link Origin} without its line. */
export type OriginFile =
  | { readonly from: "image"; readonly image: string; readonly path: string }
  | { readonly from: "clusterfile"; readonly file: string }
  | { readonly from: "folder"; readonly file: string }
  | { readonly from: "package"; readonly package: string; readonly digest: string; readonly file: string };

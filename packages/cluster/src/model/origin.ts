/** Where a document came from, for plans and messages. */
export type Origin =
  | { readonly from: "image"; readonly image: string; readonly path: string; readonly line: number }
  | { readonly from: "clusterfile"; readonly file: string; readonly line: number }
  | { readonly from: "folder"; readonly file: string; readonly line: number };

/** `image tiny:1 plugins/motd.yaml:1`, `Clusterfile:12`. */
export function formatOrigin(origin: Origin): string {
  return origin.from === "image" ? `image ${origin.image} ${origin.path}:${origin.line}` : `${origin.file}:${origin.line}`;
}

/** A file that documents come from: an {@link Origin} without its line. */
export type OriginFile =
  | { readonly from: "image"; readonly image: string; readonly path: string }
  | { readonly from: "clusterfile"; readonly file: string }
  | { readonly from: "folder"; readonly file: string };

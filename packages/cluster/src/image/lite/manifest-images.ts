import { isMap, isScalar, LineCounter, parseAllDocuments, visit } from "yaml";
import type { NamedImage } from "./named-image.ts";

/** Kinds whose `image` is text, not a container's. */
const otherKinds = ["ConfigMap", "Secret", "CustomResourceDefinition"];

/**
 * The images of Kubernetes manifests: every `image` that is text, and the `reference` of image volumes, in whatever kind, but for ConfigMaps, Secrets and
 * definitions of kinds. Aliases are not followed, so nothing unfolds. Undefined: it is not YAML.
 */
export function manifestImages(text: string, file: string): readonly NamedImage[] | undefined {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  const found: NamedImage[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    if (document.errors.length > 0) return undefined;
    const { contents } = document;
    if (isMap(contents) && otherKinds.includes(String(contents.get("kind")))) continue;
    visit(document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || key.value !== "image") return;
        const named = isMap(value) ? value.get("reference", true) : value;
        if (!isScalar(named) || typeof named.value !== "string" || named.value === "") return;
        found.push({ image: named.value, file, line: lines.linePos(named.range?.[0] ?? 0).line });
      },
    });
  }
  return found;
}

import { formatImageReference, matchesAny, mayBeImageId, parseImageReference } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { listed, shown, type Violations } from "./violation.ts";

/** An image that is used or pulled. */
export function* judgeImage(rules: Rules, text: string): Violations {
  const { allow, deny, ids } = rules.images;
  if (isFree(rules)) return;
  if (mayBeImageId(text)) {
    if (!ids)
      yield {
        rule: "images",
        message: `${shown(text)} may be an image's id, which does not say where it came from.`,
        hint: "Name the image with its tag or digest.",
      };
    return;
  }
  const reference = parseImageReference(text);
  if (reference === undefined) {
    yield { rule: "images", message: `${shown(text)} names no image.` };
    return;
  }
  const full = formatImageReference(reference);
  if (matchesAny(full, deny)) yield { rule: "images", message: `The image ${full} is forbidden.` };
  else if (!matchesAny(full, allow)) yield { rule: "images", message: `The image ${full} is not allowed; allowed: ${listed(allow)}.` };
}

/** A name that someone gives to an image of their own, who could pass it off as another's. */
export function* judgeImageName(rules: Rules, text: string): Violations {
  if (isFree(rules) || text === "") return;
  const reference = parseImageReference(text);
  const full = reference === undefined ? undefined : formatImageReference(reference);
  const { make, allow } = rules.images;
  if (full !== undefined && (make === undefined ? !matchesAny(full, allow) : matchesAny(full, make))) return;
  yield {
    rule: "images",
    message: `The name ${shown(full ?? text)} may not be given to an image made here.`,
    hint: make === undefined ? "The policy's images.make says which names may be given." : `Allowed: ${listed(make)}.`,
  };
}

/** True where every image is allowed, whatever it is called. */
export function isFree({ images }: Rules): boolean {
  return images.allow.includes("*") && images.deny.length === 0;
}

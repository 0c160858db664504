/**
 * A key as Go's encoding/json compares it with a field's name where the case differs: ASCII letters without case, and the two other letters that fold to ASCII
 * (U+017F to s, U+212A to k). Two keys that fold alike name the same field.
 */
export function foldKey(key: string): string {
  return key
    .replaceAll("\u017f", "s")
    .replaceAll("\u212a", "k")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

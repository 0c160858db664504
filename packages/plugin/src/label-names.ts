const word = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * What is wrong with the key of a label or taint: `[PREFIX/]NAME`.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export function keyFault(key: string): string | undefined {
  const [name = "", prefix, ...rest] = key.split("/").reverse();
  if (rest.length > 0) return `the key "${key}" has more than one slash`;
  if (!word.test(name))
    return `"${name}" is no name of a key: at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends`;
  if (prefix !== undefined && !isSubdomain(prefix)) return `"${prefix}" before the slash is no DNS name`;
  return undefined;
}

/** What is wrong with the value of a label or taint; the empty one is right. */
export function valueFault(value: string): string | undefined {
  if (value === "" || word.test(value)) return undefined;
  return `"${value}" is no value: at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends`;
}

function isSubdomain(name: string): boolean {
  return name.length <= 253 && name.split(".").every((part) => dnsLabel.test(part));
}

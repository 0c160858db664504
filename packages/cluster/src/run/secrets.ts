/** Texts that must not come out: passwords, and what scripts give for later ones. Held in memory only. */
export interface Secrets {
  readonly add: (secret: string) => void;
  /** The text with every secret replaced by `***`. */
  readonly mask: (text: string) => string;
  /** Characters of the longest one. */
  readonly longest: number;
}

/** Shorter words stand in ordinary text too: replacing them would hide nothing and spoil everything. */
const shortest = 4;

export function createSecrets(): Secrets {
  // The longest first, so that a secret which holds another one goes as a whole.
  let known: readonly string[] = [];
  return {
    add: (secret) => {
      // Output is read by lines, so a secret of several lines is known by each.
      const lines = secret.split(/\r?\n/).filter((line) => line.length >= shortest);
      known = [...new Set([...known, ...lines])].sort((a, b) => b.length - a.length);
    },
    mask: (text) => known.reduce((masked, secret) => masked.replaceAll(secret, "***"), text),
    get longest() {
      return known[0]?.length ?? 0;
    },
  };
}

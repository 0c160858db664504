import { distance } from "fastest-levenshtein";

/** The known word that a misspelt one most likely meant, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = known.map((candidate) => ({ candidate, far: distance(lower, candidate.toLowerCase()) })).sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best !== undefined && best.far <= Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

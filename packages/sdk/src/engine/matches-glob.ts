/** True where the whole text matches the pattern: `*` stands for any text, also with slashes, `?` for one character. No pattern makes it slow: at most one step for each pair of characters. */
export function matchesGlob(text: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    if (pattern[place] === "*") {
      star = place++;
      retry = at;
    } else if (pattern[place] === "?" || pattern[place] === text[at]) {
      at++;
      place++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++retry;
    } else return false;
  }
  while (pattern[place] === "*") place++;
  return place === pattern.length;
}

/** True where one of the patterns matches. */
export function matchesAny(text: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(text, pattern));
}

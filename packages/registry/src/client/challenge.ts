/** One way in which a registry wants to know who asks (WWW-Authenticate, RFC 9110 section 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const space = /[ \t]*/y;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/** Reads the header's challenges; what can't be read ends the reading. Pure. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < header.length) {
    take(space);
    if (header[at] === ",") {
      at += 1;
      continue;
    }
    const word = take(token)?.[0];
    if (word === undefined) break;
    take(space);
    const current = challenges.at(-1);
    if (header[at] === "=" && current !== undefined) {
      at += 1;
      take(space);
      const value = take(quoted)?.[1]?.replace(/\\(.)/g, "$1") ?? take(token)?.[0];
      if (value === undefined) break;
      if (word.toLowerCase() !== "__proto__") current.parameters[word.toLowerCase()] = value;
      continue;
    }
    challenges.push({ scheme: word.toLowerCase(), parameters: {} });
    take(token68);
  }
  return challenges;
}

export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

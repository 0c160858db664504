/** What `$NAME` stands for; undefined is empty, and known to be unset. */
export type Variables = (name: string) => string | undefined;

/**
 * Splits a line into words as a Dockerfile does: quotes hold a word together and go, the escape character keeps the next one as it is, `$NAME`, `${NAME}`,
 * `${NAME:-word}` and `${NAME:+word}` are replaced but between single quotes. With `split` false the whole line is one word.
 *
 * @returns undefined where a quote or brace is not closed, or a brace holds something else
 */
export function expandWords(line: string, variables: Variables, escaper: string, split = true): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  let quote = "";
  const add = (text: string): void => {
    word = (word ?? "") + text;
  };
  while (at < line.length) {
    const letter = line.charAt(at);
    if (quote === "'" ? letter === "'" : quote === '"' && letter === '"') quote = "";
    else if (quote === "" && (letter === "'" || letter === '"')) {
      quote = letter;
      add("");
    } else if (letter === escaper && quote !== "'" && at + 1 < line.length) {
      at += 1;
      const next = line.charAt(at);
      add(quote === '"' && !['"', "$", escaper].includes(next) ? letter + next : next);
    } else if (letter === "$" && quote !== "'") {
      const variable = variableAt(line, at, variables, escaper);
      if (variable === undefined) return undefined;
      add(variable.text);
      at = variable.end - 1;
    } else if (split && quote === "" && /\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else add(letter);
    at += 1;
  }
  if (quote !== "") return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

function variableAt(
  line: string,
  at: number,
  variables: Variables,
  escaper: string,
): { readonly text: string; readonly end: number } | undefined {
  const plain = /^\$(\w+)/.exec(line.slice(at));
  if (plain !== null) return { text: variables(plain[1] ?? "") ?? "", end: at + plain[0].length };
  const braced = /^\$\{(\w+)(?:(:?[-+])|\})/.exec(line.slice(at));
  if (braced === null) return line.charAt(at + 1) === "{" ? undefined : { text: "$", end: at + 1 };
  const [start, name = "", operator] = braced;
  const value = variables(name);
  if (operator === undefined) return { text: value ?? "", end: at + start.length };
  const end = closingBrace(line, at + start.length, escaper);
  if (end === undefined) return undefined;
  const other = expandWords(line.slice(at + start.length, end), variables, escaper, false);
  if (other === undefined) return undefined;
  const there = operator.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
  const text = operator.endsWith("+") ? (there ? (other[0] ?? "") : "") : there ? (value ?? "") : (other[0] ?? "");
  return { text, end: end + 1 };
}

function closingBrace(line: string, from: number, escaper: string): number | undefined {
  let depth = 1;
  for (let at = from; at < line.length; at += 1) {
    if (line.charAt(at) === escaper) at += 1;
    else if (line.startsWith("${", at)) depth += 1;
    else if (line.charAt(at) === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}

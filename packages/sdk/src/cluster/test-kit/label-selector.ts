/** A label selector as the API server understands it, compiled; undefined for one that it would refuse. */
export function labelMatcher(selector: string): ((labels: Readonly<Record<string, string>>) => boolean) | undefined {
  const terms = selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");
  const tests = terms.map(termMatcher);
  return tests.includes(undefined) ? undefined : (labels) => tests.every((test) => test?.(labels) === true);
}

const key = "[A-Za-z0-9][\\w./-]*";
const value = "[A-Za-z0-9][\\w.-]*";
const shapes = {
  set: new RegExp(`^(${key})\\s+(in|notin)\\s+\\(\\s*(${value}(?:\\s*,\\s*${value})*)\\s*\\)$`),
  equal: new RegExp(`^(${key})\\s*(==?|!=)\\s*(${value}|)$`),
  present: new RegExp(`^(!?)\\s*(${key})$`),
};

function termMatcher(term: string): ((labels: Readonly<Record<string, string>>) => boolean) | undefined {
  const [, name = "", operator, list] = shapes.set.exec(term) ?? shapes.equal.exec(term) ?? [];
  if (operator !== undefined && list !== undefined) {
    const values = list.split(",").map((each) => each.trim());
    const wanted = operator === "in" || operator.startsWith("=");
    // A label that is not there is among none: `!=` and `notin` take such objects.
    return (labels) => (Object.hasOwn(labels, name) && values.includes(labels[name] ?? "")) === wanted;
  }
  const [, not, only] = shapes.present.exec(term) ?? [];
  return only === undefined ? undefined : (labels) => Object.hasOwn(labels, only) === (not === "");
}

const deepest = 8;
const longest = 128;

/**
 * What a request's path has in common with its like: without query and fragment, with `{id}` for what looks like a number, a UUID, a hash or a token.
 * What stands in an id or a token never leaves the agent.
 *
 * @example pathTemplate("/users/42/orders?full=1") // "/users/{id}/orders"
 */
export function pathTemplate(target: string): string {
  const path = target.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
  if (path === "*") return path;
  const segments = path.split("/").slice(1);
  const folded = segments.slice(0, deepest).map(fold);
  const text = `/${folded.join("/")}${segments.length > deepest ? "/…" : ""}`;
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function fold(segment: string): string {
  if (/^[0-9]+$/.test(segment)) return "{id}";
  if (/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(segment)) return "{id}";
  if (/^(?=.*[0-9])[0-9a-f-]{8,}$/i.test(segment)) return "{id}";
  if (segment.length >= 20 && /[0-9]/.test(segment)) return "{id}";
  if (segment.length > 64 || /%40|@/.test(segment)) return "{id}";
  return segment.replace(/[^\x21-\x7e]/g, "?");
}

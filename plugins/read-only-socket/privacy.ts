import { type RouteRequest, type RouteResponse, refuse } from "@outrigger/sdk";

/** Every list of variables in an answer, emptied. */
export function withoutVariables(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVariables);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === "Env" && Array.isArray(inner) ? [] : withoutVariables(inner)]),
  );
}

/** `ps` shows variables with `e`; only these arguments are known not to. */
export function showsVariables(query: RouteRequest["query"]): boolean {
  return query.some(([name, value]) => name === "ps_args" && !["", "-ef", "aux", "ax", "-aux", "-ax"].includes(value));
}

/** Adds a label to a list's filters, so that the engine itself leaves the others out. @throws refusal for filters that can't be read */
export function withLabelFilter(request: RouteRequest, label: string): RouteRequest {
  const filters = readFilters(request.query.find(([name]) => name === "filters")?.[1] ?? "");
  const labels = filters["label"] ?? [];
  const text = JSON.stringify({ ...filters, label: [...labels, label] });
  return { ...request, query: [...request.query.filter(([name]) => name !== "filters"), ["filters", text]] };
}

/** Filters are `{name: [value]}`, or as older clients write them `{name: {value: true}}`. */
function readFilters(text: string): Readonly<Record<string, readonly string[]>> {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("no object");
    return Object.fromEntries(
      Object.entries(value).map(([name, list]) => [name, Array.isArray(list) ? list.map(String) : Object.keys(Object(list))]),
    );
  } catch {
    throw refuse({ code: "filters", status: 400, message: "The filters are not JSON that can be read." });
  }
}

/** An inspected container that has not the label is answered as if it were not there. */
export function hideForeign({ parameters }: RouteRequest, response: RouteResponse, label: string): RouteResponse {
  const [name = "", value] = splitLabel(label);
  const labels = labelsOf(response.body);
  const found = Object.hasOwn(labels, name) ? labels[name] : undefined;
  if (found !== undefined && (value === undefined || found === value)) return response;
  return { status: 404, body: { message: `No such container: ${parameters["id"] ?? ""}` } };
}

function splitLabel(label: string): readonly [string, string?] {
  const at = label.indexOf("=");
  return at < 0 ? [label] : [label.slice(0, at), label.slice(at + 1)];
}

function labelsOf(body: unknown): Readonly<Record<string, unknown>> {
  const config = (body as { readonly Config?: { readonly Labels?: unknown } } | null | undefined)?.Config;
  return Object(config?.Labels);
}

import { disguiseBody } from "./bodies.ts";
import type { PlainRequest } from "./offences.ts";
import type { Random } from "./random.ts";

/** A request about to be written: every part can be bent on its own. */
interface Draft {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly protocol: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** What is sent before it on the same connection. */
  readonly before: string;
  readonly framing: "length" | "chunked" | "as-is";
}

type Disguise = (draft: Draft, random: Random) => Partial<Draft>;

function encoded(path: string, random: Random): string {
  return [...path]
    .map((letter) => (/[a-z]/.test(letter) && random.chance(0.3) ? `%${letter.charCodeAt(0).toString(16)}` : letter))
    .join("");
}

const disguises: readonly Disguise[] = [
  (draft, random) => ({ path: encoded(draft.path, random) }),
  (draft) => ({ path: draft.path.replace(/\/(?=[a-z]+$)/, "%2f") }),
  (draft) => ({ path: draft.path.replace(/\/(?=[a-z]+$)/, "//") }),
  (draft) => ({ path: draft.path.replace(/\/(?=[a-z]+$)/, "/./") }),
  (draft) => ({ path: `/images/../${draft.path.slice(1)}` }),
  (draft) => ({ path: `/images/%2e%2e${draft.path}` }),
  (draft) => ({ path: `${draft.path}/` }),
  (draft) => ({ path: `${draft.path}%00` }),
  (draft) => ({ path: draft.path.toUpperCase() }),
  (draft) => ({ path: `http://evil${draft.path}` }),
  (draft) => ({ path: draft.path.replaceAll("/", "\\") }),
  (draft, random) => ({ path: random.pick(["/v1.41", "/v1.24", "/v1.41.0", "/V1.41", "/v01.41", "/v1.41/v1.41", "/v1.99"]) + draft.path }),
  (draft) => ({ query: `${draft.query}&x=%2fcontainers%2fjson` }),
  () => ({ query: "?/_ping" }),
  () => ({ query: "#/_ping" }),
  () => ({ query: "?a=1;b=2" }),
  (draft, random) => ({ headers: [...draft.headers, "Connection: Upgrade", `Upgrade: ${random.pick(["tcp", "h2c", "websocket"])}`] }),
  (draft) => ({ headers: [...draft.headers, "Expect: 100-continue"] }),
  (draft) => ({ headers: [...draft.headers, "X-HTTP-Method-Override: GET"] }),
  (draft) => ({ headers: [...draft.headers, "Connection: content-type, content-length"] }),
  (draft, random) => ({
    headers: draft.headers.map((header) =>
      header.startsWith("Content-Type")
        ? `Content-Type: ${random.pick(["application/json; charset=utf-8", "text/json", "application/x-www-form-urlencoded", "application/JSON", "application/json;"])}`
        : header,
    ),
  }),
  () => ({ framing: "chunked" }),
  (draft) => ({ framing: "as-is", headers: [...draft.headers, "Content-Length: 0"] }),
  (draft) => ({
    framing: "as-is",
    body: `${Buffer.byteLength(draft.body).toString(16)}\r\n${draft.body}\r\n0\r\n\r\n`,
    headers: [...draft.headers, `Content-Length: ${Buffer.byteLength(draft.body)}`, "Transfer-Encoding: chunked"],
  }),
  (draft, random) => ({
    framing: "as-is",
    body: `${Buffer.byteLength(draft.body).toString(16)}\r\n${draft.body}\r\n0\r\n\r\n`,
    headers: [
      ...draft.headers,
      random.pick([
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding:\tchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      ]),
    ],
  }),
  (draft) => ({ framing: "as-is", headers: [...draft.headers, `Content-Length: ${Buffer.byteLength(draft.body)}`, "Content-Length: 5"] }),
  () => ({ protocol: "HTTP/1.0" }),
  () => ({ protocol: "HTTP/2.0" }),
  (draft) => ({ method: draft.method.toLowerCase() }),
  (draft) => ({ headers: [...draft.headers, "X-Folded: a\r\n b"] }),
  (draft) => ({ headers: [...draft.headers, "Host: other"] }),
  // Behind another request on the same connection, or within what may be taken for its body.
  () => ({ before: "GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n" }),
  () => ({ before: "GET /_ping HTTP/1.1\r\nHost: docker\r\nContent-Length: 5\r\n\r\nabcde" }),
  () => ({ before: "POST /containers/none/attach?stream=1 HTTP/1.1\r\nHost: docker\r\n\r\n" }),
  () => ({ before: "POST /containers/none/start HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" }),
];

/** The bytes of a request that means what the plain one means to some reader, disguised. */
export function disguise({ method, path, query, body }: PlainRequest, random: Random): Buffer {
  const text = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  let draft: Draft = {
    method,
    path,
    query: text === "" ? "" : `?${text}`,
    protocol: "HTTP/1.1",
    headers: ["Host: docker", "Content-Type: application/json"],
    body: body === undefined ? "" : random.chance(0.8) ? disguiseBody(body, random) : JSON.stringify(body),
    before: "",
    framing: "length",
  };
  for (let left = random.below(4); left > 0; left -= 1) draft = { ...draft, ...random.pick(disguises)(draft, random) };
  return Buffer.from(written(draft));
}

function written({ method, path, query, protocol, headers, body, before, framing }: Draft): string {
  const size = Buffer.byteLength(body);
  const framed = framing === "chunked" ? ["Transfer-Encoding: chunked"] : framing === "length" ? [`Content-Length: ${size}`] : [];
  const sent = framing === "chunked" ? `${size.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
  return `${before}${method} ${path}${query} ${protocol}\r\n${[...headers, ...framed].join("\r\n")}\r\n\r\n${sent}`;
}

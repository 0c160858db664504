import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, image, plainRequest, sleeper, unique } from "../gateway.ts";
import type { StandMaker } from "./stand.ts";

/** What changes from one second to the next. */
function dated(answer: string): string {
  return answer
    .replace(/\r\nDate: [^\r]+/, "")
    .replace(/"(SystemTime|read|preread)":"[^"]+"/g, "")
    .replace(/"(NGoroutines|NFd|SystemStatus|NEventsListener|MemTotal|Containers\w*|Images|LayersSize)":\d+/g, "");
}

const reads = (name: string): readonly string[] => [
  "GET /_ping",
  "HEAD /_ping",
  "GET /v1.41/_ping",
  "GET /version",
  "GET /v1.24/version",
  "GET /v1.41.0/version",
  "GET /v01.41/version",
  "GET /v1.99/version",
  "GET /v1.1/version",
  "GET /V1.41/version",
  "GET /info/",
  "GET /nowhere",
  "POST /_ping",
  "DELETE /_ping",
  "OPTIONS /_ping",
  "BREW /_ping",
  `GET /containers/${name}/json`,
  `GET /v1.24/containers/${name}/json`,
  `HEAD /containers/${name}/json`,
  `GET /containers/${name}/json?size=1`,
  `GET /containers/${name}/top?ps_args=aux%20`,
  `GET /containers/${name}/logs?stdout=1`,
  `GET /containers/${name}/logs`,
  `GET /containers/${name}/changes`,
  `GET /containers/json?all=1&filters=%7B%22name%22%3A%5B%22${name}%22%5D%7D`,
  `GET /containers/json?filters={"name":["${name}"]}`,
  "GET /containers/json?filters=%7Bbad",
  "GET /containers/json?limit=x",
  "GET /containers/nonexistent/json",
  "GET /containers/a%20b/json",
  "GET /containers/a/b/json",
  `HEAD /containers/${name}/archive?path=/etc/hostname`,
  `GET /containers/${name}/archive?path=/etc/debian_version`,
  `GET /containers/${name}/archive?path=/nowhere`,
  `GET /containers/${name}/archive`,
  "HEAD /containers/nonexistent/archive?path=/",
  `GET /images/${image}/json`,
  "GET /images/debian%3Abookworm-slim/json",
  `GET /images/${image}/history`,
  "GET /images/a/b/c:1/json",
  "GET /images/a%2Fb/json",
  "GET /images/json?filters=%7B%22reference%22%3A%5B%22debian%22%5D%7D",
  "GET /images/search",
  "GET /images/nonexistent/get",
  "GET /networks/bridge?verbose=x",
  "GET /networks/nonexistent",
  "GET /networks/none",
  "GET /volumes/nonexistent",
  "GET /volumes?filters=%7B%22name%22%3A%5B%22nonexistent%22%5D%7D",
  "GET /swarm",
  "GET /services",
  "GET /nodes",
  "GET /tasks",
  "GET /secrets",
  "GET /configs",
  "GET /plugins",
  "GET /plugins/x/y/json",
  "GET /exec/nonexistent/json",
  "GET /distribution/localhost:1/x/json",
  "GET /debug/vars1",
  "GET /system/df1",
  "GET /events?until=1",
  "GET /events?since=1&until=2",
  "POST /containers/nonexistent/start",
  "POST /containers/nonexistent/attach",
  "POST /containers/nonexistent/kill?signal=0",
  "POST /exec/nonexistent/start",
  "GET /containers/nonexistent/attach/ws",
  `GET /containers/${name}/attach/ws`,
  "POST /containers/create",
  "POST /session",
  "POST /grpc",
  "POST /auth",
  "POST /commit",
  "DELETE /containers/nonexistent",
  "DELETE /images/nonexistent",
  "DELETE /volumes/nonexistent",
  "DELETE /networks/nonexistent",
  "PUT /containers/nonexistent/archive?path=/",
  `POST /containers/${name}/resize?h=x&w=1`,
  `POST /containers/${name}/start`,
  `POST /images/${image}/tag?repo=UPPER`,
  "POST /build?remote=x:y",
  "POST /volumes/prune?filters=x",
];

/** Requests whose body is none, which a gateway that reads it says itself. */
const bodiless: ReadonlySet<string> = new Set(["POST /containers/create"]);

/** An answer without its framing. */
function whole(answer: string): string {
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  let body = rest.join("\r\n\r\n");
  if (/\r\nTransfer-Encoding: chunked/.test(head)) {
    let content = "";
    for (let at = 0; ; ) {
      const line = body.indexOf("\r\n", at);
      const size = Number.parseInt(body.slice(at, line), 16);
      if (line < 0 || !(size > 0)) break;
      content += body.slice(line + 2, line + 2 + size);
      at = line + 4 + size;
    }
    body = content;
  }
  return `${head.replace(/\r\n(Transfer-Encoding|Content-Length|Connection): [^\r]+/g, "")}\r\n\r\n${body}`;
}

/** What is answered, byte for byte, through a gateway and by its engine. */
export function answerSuite({ label, start, readsBodies = false }: StandMaker): void {
  const steady = (answer: string): string => (readsBodies ? whole(dated(answer)) : dated(answer));
  test(`answers have the same status lines, headers and bytes as the engine's own (${label})`, async (context) => {
    const { path, engine } = await start(context);
    const name = await sleeper(context, undefined, `unix://${engine}`);
    for (const line of reads(name).filter((each) => !readsBodies || !bodiless.has(each))) {
      const direct = steady(await exchange(engine, plainRequest(line)));
      const through = steady(await exchange(path, plainRequest(line)));
      // The one header that is added: after what could have become a raw stream, the connection ends.
      const isHijack = /attach|exec|session|grpc/.test(line);
      assert.equal(
        isHijack ? through.replace("\r\nConnection: close", "") : through,
        isHijack ? direct.replace("\r\nConnection: close", "") : direct,
        line,
      );
      assert.notEqual(direct, "", line);
    }
  });

  test(`bodies that the engine refuses get the engine's own refusals (${label})`, { skip: readsBodies }, async (context) => {
    const { path, engine } = await start(context);
    const json = "Content-Type: application/json";
    const body = '{"Image":"nonexistent:1"}';
    const requests = [
      plainRequest("POST /containers/create", [json, `Content-Length: ${body.length}`], body),
      plainRequest("POST /containers/create", [json, "Transfer-Encoding: chunked"], `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
      plainRequest(
        "POST /containers/create",
        [json, "Transfer-Encoding: chunked"],
        `5\r\n${body.slice(0, 5)}\r\n14\r\n${body.slice(5)}\r\n0\r\nX-Sum: 1\r\n\r\n`,
      ),
      plainRequest("POST /containers/create", [json, `Content-Length: ${body.length}`, "Expect: 100-continue"], body),
      plainRequest("POST /containers/create", ["Content-Type: text/plain", `Content-Length: ${body.length}`], body),
      plainRequest("POST /containers/create", [`Content-Length: ${body.length}`], body),
      plainRequest("POST /containers/create", [json, "Content-Length: 3"], "{x}"),
      plainRequest("POST /volumes/create", [json, "Content-Length: 14"], '{"Name":"a/b"}'),
      plainRequest("GET /_ping", ["Content-Length: 3"], "abc"),
      plainRequest("POST /containers/create", [json, "Upgrade: tcp", `Content-Length: ${body.length}`], body),
      "GET /_ping HTTP/1.0\r\n\r\n",
      "GET /containers/json?limit=x HTTP/1.0\r\n\r\n",
      'POST /containers/create HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{"Image":"nonexistent:1"}',
    ];
    for (const bytes of requests) {
      assert.equal(steady(await exchange(path, bytes)), steady(await exchange(engine, bytes)), bytes);
    }
  });

  test(`pipelined requests are answered in order on one connection (${label})`, async (context) => {
    const { path, engine } = await start(context);
    const name = unique();
    const bytes =
      ["/_ping", `/containers/${name}/json`, "/version", "/nowhere"]
        .map((place) => `GET ${place} HTTP/1.1\r\nHost: docker\r\n\r\n`)
        .join("") + plainRequest("GET /_ping");
    const [direct, through] = [await exchange(engine, bytes), await exchange(path, bytes)].map((text) =>
      text.replace(/\r\nDate: [^\r]+/g, ""),
    );
    assert.equal(through, direct);
    assert.equal(through?.match(/HTTP\/1\.1 /g)?.length, 5);
  });
}

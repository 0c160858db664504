import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyScanner } from "../src/gateway/body-scanner.ts";
import { HeadReader } from "../src/gateway/head-reader.ts";
import { parseRequestHead } from "../src/gateway/request-head.ts";

const whole = (...lines: string[]): string => ["GET /_ping HTTP/1.1", "Host: docker", ...lines, "", ""].join("\r\n");

test("a usual head is read as it stands", () => {
  const head = parseRequestHead(
    "POST /v1.41/build?t=a HTTP/1.1\r\nhost: docker\r\nX-Odd:  a b\t\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n",
  );
  assert.equal(head.method, "POST");
  assert.equal(head.target, "/v1.41/build?t=a");
  assert.deepEqual(head.headers[1], ["X-Odd", "a b"]);
  assert.deepEqual(head.framing, { kind: "chunked" });
  assert.equal(head.expectsContinue, true);
  assert.equal(head.hopByHop, undefined);
});

const refused: Readonly<Record<string, string>> = {
  "both lengths and coding": whole("Content-Length: 1", "Transfer-Encoding: chunked"),
  "several equal lengths": whole("Content-Length: 1", "Content-Length: 1"),
  "a list of lengths": whole("Content-Length: 1, 1"),
  "a signed length": whole("Content-Length: +1"),
  "a hexadecimal length": whole("Content-Length: 0x10"),
  "an empty length": whole("Content-Length:"),
  "a huge length": whole("Content-Length: 99999999999999999999"),
  "identity coding": whole("Transfer-Encoding: identity"),
  "two codings": whole("Transfer-Encoding: gzip, chunked"),
  "two coding headers": whole("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
  "chunked with a vertical tab": whole("Transfer-Encoding: \x0bchunked"),
  "a blank before the colon": whole("Content-Length : 1"),
  "a folded header": whole("X-A: b", " folded"),
  "a header without colon": whole("X-A"),
  "an empty name": whole(": a"),
  "a null byte": whole("X-A: \0"),
  "a lone carriage return": whole("X-A: a\rb"),
  "two hosts": whole("Host: other"),
  "no host": "GET / HTTP/1.1\r\n\r\n",
  "lower-case protocol": "GET / http/1.1\r\nHost: a\r\n\r\n",
  "HTTP/1.2": "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
  "HTTP/2.0": "PRI * HTTP/2.0\r\n\r\n",
  "two blanks": "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
  "a tab": "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "bytes beyond ASCII in the target": "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
  "a method with a colon": "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n",
  "an empty first line": "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "coding in HTTP/1.0": "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  "Connection names a length": whole("Connection: Content-Length", "Content-Length: 1"),
  "other expectations": whole("Expect: 200-ok"),
};

for (const [what, text] of Object.entries(refused)) {
  test(`a head with ${what} is refused`, () => {
    assert.throws(() => parseRequestHead(text), { code: "request-malformed" });
  });
}

test("too many headers are refused", () => {
  assert.throws(() => parseRequestHead(whole(...Array.from({ length: 1000 }, (_, index) => `X-${index}: a`))), { code: "head-too-large" });
});

test("what ends at this connection is told apart from what goes to the engine", () => {
  const head = parseRequestHead(whole("Connection: Upgrade, X-Mine", "Upgrade: tcp", "X-Mine: 1", "TE: trailers", "X-Other: 2"));
  assert.deepEqual([...(head.hopByHop ?? [])].sort(), ["connection", "te", "upgrade", "x-mine"]);
  assert.equal(parseRequestHead(whole("Connection: keep-alive")).hopByHop, undefined);
  assert.equal(parseRequestHead(whole("Connection: CLOSE")).close, true);
});

/** Cuts bytes into pieces at any places. */
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 20 });

function pieces(bytes: Buffer, at: readonly number[]): readonly Buffer[] {
  const places = [...new Set(at.map((each) => Math.min(each, bytes.length)))].sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length)).filter((piece) => piece.length > 0);
}

test("a head is found at the same place however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}: [a-z]{0,20}$/), { maxLength: 10 }), fc.string(), cuts, (lines, after, at) => {
      const text = ["GET / HTTP/1.1", ...lines, "", ""].join("\r\n");
      const bytes = Buffer.from(text + after);
      const reader = new HeadReader();
      let rest: Buffer | undefined;
      const found: string[] = [];
      for (const piece of pieces(bytes, at)) {
        if (rest !== undefined) rest = Buffer.concat([rest, piece]);
        else {
          const complete = reader.push(piece);
          if (complete === undefined) continue;
          found.push(complete.bytes.toString("latin1", 0, complete.end));
          rest = complete.bytes.subarray(complete.end);
        }
      }
      assert.deepEqual(found, [text]);
      assert.equal(rest?.toString(), after);
    }),
  );
});

test("a line feed alone is refused before the head is complete", () => {
  assert.throws(() => new HeadReader().push(Buffer.from("GET / HTTP/1.1\nHost: a\n\n")), { code: "request-malformed" });
  const reader = new HeadReader();
  assert.equal(reader.push(Buffer.from("GET / HTTP/1.1\r")), undefined);
  assert.equal(reader.push(Buffer.from("\nHost: a")), undefined);
  assert.throws(() => reader.push(Buffer.from("\n")), { code: "request-malformed" });
});

test("a head without end is refused at its limit, and costs no more than its bytes", () => {
  const reader = new HeadReader();
  reader.push(Buffer.from("GET / HTTP/1.1\r\n"));
  const line = Buffer.from(`X: ${"a".repeat(1000)}\r\n`);
  assert.throws(
    () => {
      for (let count = 0; count < 2000; count += 1) reader.push(line);
    },
    { code: "head-too-large" },
  );
  const slow = new HeadReader();
  for (let count = 0; count < 200_000; count += 1) slow.push(Buffer.from("a"));
});

function scanAll(scanner: BodyScanner, parts: readonly Buffer[]): { readonly content: Buffer; readonly rest: Buffer } {
  const content: Buffer[] = [];
  const rest: Buffer[] = [];
  for (const part of parts) rest.push(part.subarray(scanner.scan(part, 0, content)));
  return { content: Buffer.concat(content), rest: Buffer.concat(rest) };
}

test("chunks, trailers and what follows are told apart however they are cut", () => {
  const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), fc.boolean(), fc.string(), cuts, (chunks, hasTrailer, after, at) => {
      const parts = chunks.flatMap((bytes) => [Buffer.from(`${bytes.length.toString(16)}\r\n`), Buffer.from(bytes), Buffer.from("\r\n")]);
      const end = Buffer.from(`0\r\n${hasTrailer ? "X-Sum: 1\r\n" : ""}\r\n`);
      const bytes = Buffer.concat([...parts, end, Buffer.from(after)]);
      const scanner = new BodyScanner({ kind: "chunked" });
      const { content, rest } = scanAll(scanner, pieces(bytes, at));
      assert.deepEqual(content, Buffer.concat(chunks));
      assert.equal(rest.toString(), Buffer.from(after).toString());
      assert.equal(scanner.done, true);
    }),
  );
});

test("a body of known length ends there however it is cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 50 }), cuts, (body, after, at) => {
      const scanner = new BodyScanner({ kind: "length", length: body.length });
      const { content, rest } = scanAll(scanner, pieces(Buffer.concat([body, after]), at));
      assert.deepEqual(content, Buffer.from(body));
      assert.deepEqual(rest, Buffer.from(after));
      assert.equal(scanner.done, true);
    }),
  );
});

for (const text of [
  "\r\n",
  "g\r\n",
  "1;ext\r\na\r\n",
  " 1\r\na\r\n",
  "1\na\n",
  "1\r\nab\r\n",
  "1\r\na\n",
  "-1\r\n",
  "0x1\r\n",
  "1000000000000\r\n",
  "0\r\n folded\r\n\r\n",
  "0\r\nX: \0\r\n\r\n",
]) {
  test(`chunks that begin with ${JSON.stringify(text)} are refused`, () => {
    assert.throws(() => new BodyScanner({ kind: "chunked" }).scan(Buffer.from(text), 0), { code: "request-malformed" });
  });
}

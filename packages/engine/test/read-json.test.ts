import assert from "node:assert/strict";
import { test } from "node:test";
import { stringifyJson } from "@outrigger/sdk";
import fc from "fast-check";
import { canonicalBody } from "../src/json/canonical.ts";
import { engineFields } from "../src/json/engine-fields.ts";
import { readJson } from "../src/json/read-json.ts";

const read = (text: string): unknown => readJson(Buffer.from(text));

test("what JSON.parse reads is read alike, from any spelling of it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom("", " ", "\n\t"), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      assert.deepEqual(JSON.parse(stringifyJson(read(text))), JSON.parse(text));
      const escaped = text.replace(/[^\p{ASCII}]/gu, (letter) =>
        [...Array(letter.length).keys()].map((at) => `\\u${letter.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
      );
      assert.deepEqual(read(escaped), read(text));
    }),
  );
});

test("integers stay exact, beyond what a double can hold", () => {
  assert.equal(
    stringifyJson(read('{"Memory":9223372036854771712,"CpuShares":-12,"Small":0.5}')),
    '{"Memory":9223372036854771712,"CpuShares":-12,"Small":0.5}',
  );
});

test("what another reader could read differently is refused, with its place", () => {
  const refused: readonly (readonly [text: string | Buffer, reason: RegExp])[] = [
    ['{"A":1,"A":2}', /"A" stands twice, at character \d+/],
    ['{"A":{"b":1,"b":2}}', /"b" stands twice/],
    ['{"\\u0041":1,"A":2}', /"A" stands twice/],
    ['{"A":1} {"A":2}', /text after/],
    ["{} x", /text after/],
    ["﻿{}", /no JSON value/],
    [Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
    ['"\\ud800"', /surrogate/],
    ['"\\udc00\\ud800"', /surrogate/],
    ['"a\nb"', /control character/],
    ['"\\x41"', /escape/],
    ['"\\u12"', /hexadecimal/],
    ["1e999", /too large/],
    ["01", /text after/],
    ["+1", /no JSON value/],
    [".5", /no JSON value/],
    ["1.", /text after/],
    ["NaN", /no JSON value/],
    ["Infinity", /no JSON value/],
    ["'a'", /no JSON value/],
    ["[1,]", /no JSON value/],
    ['{"a":1,}', /key is expected/],
    ["{a:1}", /key is expected/],
    ["[1 2]", /comma or \] is expected/],
    ["/* */ 1", /no JSON value/],
    ["", /ends too early/],
    ['{"a":', /ends too early/],
    ['"abc', /does not end/],
    [`${"[".repeat(300)}${"]".repeat(300)}`, /nested/],
  ];
  for (const [text, reason] of refused) {
    assert.throws(() => readJson(Buffer.from(text as string)), { code: "request-malformed", message: reason }, String(text));
  }
});

test("__proto__ and constructor are keys like others", () => {
  const value = read('{"__proto__":{"Privileged":true},"constructor":1}') as Readonly<Record<string, unknown>>;
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal((value as { Privileged?: unknown }).Privileged, undefined);
});

const mangled = (name: string): fc.Arbitrary<string> =>
  fc.array(fc.nat(2), { minLength: name.length, maxLength: name.length }).map((picks) =>
    [...name]
      .map((letter, at) => {
        const fold = { s: "\u017f", S: "\u017f", k: "\u212a", K: "\u212a" }[letter];
        if (picks[at] === 2 && fold !== undefined) return fold;
        return picks[at] === 0 ? letter.toLowerCase() : letter.toUpperCase();
      })
      .join(""),
  );

test("a field in any case, also in letters that merely fold to its own, becomes the engine's spelling", () => {
  const fields = Object.keys(engineFields["HostConfig"] ?? {});
  fc.assert(
    fc.property(
      fc.constantFrom(...fields).chain((field) => fc.tuple(fc.constant(field), mangled(field), mangled("HostConfig"))),
      ([field, key, host]) => {
        const { value, asCame } = canonicalBody({ [host]: { [key]: null } }, "ContainerCreateRequest");
        assert.deepEqual(JSON.parse(JSON.stringify(value)), { HostConfig: { [field]: null } });
        assert.equal(asCame, key === field && host === "HostConfig");
      },
    ),
  );
});

test("two spellings of one field are refused, also deep inside and in lists", () => {
  const refused = [
    '{"HostConfig":{},"hostConfig":{}}',
    '{"HostConfig":{"Privileged":false,"privileged":true}}',
    '{"HostConfig":{"Mounts":[{"Type":"bind","TYPE":"volume"}]}}',
    '{"x":1,"X":2}',
  ];
  for (const text of refused)
    assert.throws(
      () => canonicalBody(readJson(Buffer.from(text)), "ContainerCreateRequest"),
      { code: "request-malformed", message: /stands twice/ },
      text,
    );
});

test("keys of the user's own keep their case", () => {
  const body = {
    labels: { Owner: "a", OWNER: "b" },
    HostConfig: { sysctls: { "Net.x": "1" } },
    networkingconfig: { EndpointsConfig: { Net: { aliases: ["x"] } } },
  };
  const { value } = canonicalBody(readJson(Buffer.from(JSON.stringify(body))), "ContainerCreateRequest");
  assert.deepEqual(JSON.parse(JSON.stringify(value)), {
    Labels: { Owner: "a", OWNER: "b" },
    HostConfig: { Sysctls: { "Net.x": "1" } },
    NetworkingConfig: { EndpointsConfig: { Net: { Aliases: ["x"] } } },
  });
});

test("fields of HostConfig beside it are refused: engines still read them there", () => {
  for (const key of ["Privileged", "binds", "CAPADD", "Memory", "cpuset"]) {
    assert.throws(
      () => canonicalBody({ Image: "a", [key]: true }, "ContainerCreateRequest"),
      { code: "request-malformed", message: /beside HostConfig/ },
      key,
    );
  }
  assert.doesNotThrow(() => canonicalBody({ Image: "a", FieldOfANewerEngine: true }, "ContainerCreateRequest"));
});

test("a text where engines also take a list becomes a list", () => {
  const { value, asCame } = canonicalBody({ Cmd: "ls", HostConfig: { CapAdd: "SYS_ADMIN" } }, "ContainerCreateRequest");
  assert.deepEqual(JSON.parse(JSON.stringify(value)), { Cmd: ["ls"], HostConfig: { CapAdd: ["SYS_ADMIN"] } });
  assert.equal(asCame, false);
});

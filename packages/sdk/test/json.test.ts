import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mergePatch, parseJson, stringifyJson } from "../src/index.ts";

test("64-bit integers come back exactly, every other number as JSON.parse has it", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), (number) => {
      const text = `{"a":[${number}]}`;
      assert.equal(stringifyJson(parseJson(text)), text);
    }),
  );
  assert.deepEqual(parseJson('[9007199254740991,9007199254740993,1e21,0.1234567890123456789,"9007199254740993"]'), [
    9007199254740991,
    9007199254740993n,
    1e21,
    0.12345678901234568,
    "9007199254740993",
  ]);
});

test("JSON without large integers is what JSON.parse and JSON.stringify make of it", () => {
  fc.assert(
    fc.property(
      fc.json().filter((text) => !/\d{16}/.test(text)),
      (text) => assert.deepEqual(parseJson(text), JSON.parse(text)),
    ),
  );
  assert.throws(() => parseJson('{"a":'), { code: "json-invalid" });
});

test("a merge patch does what RFC 7396's examples say", () => {
  const cases: readonly (readonly [unknown, unknown, unknown])[] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "foo" }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) assert.deepEqual(mergePatch(target, patch), result);
});

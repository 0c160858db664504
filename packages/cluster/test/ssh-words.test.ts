import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { MarkedOutput } from "../src/ssh/marked-output.ts";
import { exportLines, quoteWord } from "../src/ssh/shell-words.ts";

const anyText = fc.string({ unit: "binary", maxLength: 60 }).filter((text) => !text.includes("\0") && text.isWellFormed());
const nasty = fc.constantFrom(
  "$(id)",
  "`id`",
  "'",
  "\\'",
  '"',
  "\n",
  "\\",
  "a\nb\n\n",
  "!!",
  "~",
  "*",
  "é\u{1f680}",
  "-n",
  "",
  " ",
  "\t",
  "\r\n",
  "\u001e",
);

test("any text is one word of bash, and survives as a variable of a child", () => {
  void fc.assert(
    fc.property(fc.array(fc.oneof(anyText, nasty), { minLength: 1, maxLength: 20 }), (texts) => {
      const lines = exportLines(Object.fromEntries(texts.map((text, index) => [`V${index}`, text])));
      const script = `printf '%s\\0' ${texts.map(quoteWord).join(" ")}\n${lines}exec bash -c 'for ((i = 0; i < ${texts.length}; i += 1)); do v=V$i; printf "%s\\0" "\${!v}"; done'`;
      const printed = execFileSync("bash", ["-s"], { input: script, encoding: "utf8" }).split("\0").slice(0, -1);
      assert.deepEqual(printed, [...texts, ...texts]);
    }),
    { numRuns: 30 },
  );
});

test("names that bash would not take or keeps for itself are refused, and so is a NUL", () => {
  for (const [name, value] of [
    ["a-b", "x"],
    ["1a", "x"],
    ["", "x"],
    ["A B", "x"],
    ["x;id", "x"],
    ["UID", "0"],
    ["BASH_ARGV", "x"],
    ["SHELLOPTS", "x"],
    ["A", "a\0b"],
  ] as const) {
    assert.throws(() => exportLines({ [name]: value }), { code: "task-variable-invalid" }, name);
  }
});

test("what is printed between the marks arrives whole, however it is cut, and nothing else", () => {
  const mark = `\u001e${"0123456789abcdef".repeat(2)}`;
  const body = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 0, max: mark.length - 1 }).map((length) => Buffer.from(mark.slice(0, length))),
    ),
  );
  const noise = fc.uint8Array({ maxLength: 9000 });
  void fc.assert(
    fc.property(noise, body, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (before, parts, cuts) => {
      const expected = Buffer.concat(parts);
      const whole = Buffer.concat([before, Buffer.from(`${mark}<\n`), expected, Buffer.from(`${mark}>ended 3\nrest`)]);
      const found: Uint8Array[] = [];
      const output = new MarkedOutput(mark, (piece) => void found.push(piece));
      for (let at = 0, index = 0; at < whole.length; index += 1) {
        const length = cuts[index % cuts.length] ?? 1;
        output.push(whole.subarray(at, at + length));
        at += length;
      }
      assert.deepEqual(Buffer.concat(found), expected);
      assert.equal(output.trailer, "ended 3");
    }),
  );
});

test("what a body begins with is passed on at once, unless it could begin the mark", () => {
  const pieces: string[] = [];
  const output = new MarkedOutput("\u001eabc", (piece) => void pieces.push(Buffer.from(piece).toString()));
  output.push(Buffer.from("motd\n\u001eabc<\nhello"));
  assert.deepEqual(pieces, ["hello"]);
  output.push(Buffer.from("x\u001ea"));
  assert.deepEqual(pieces, ["hello", "x"]);
  output.push(Buffer.from("b."));
  assert.deepEqual(pieces, ["hello", "x", "\u001eab."]);
  assert.equal(output.trailer, undefined);
});

test("of endless noise before the first mark only the end is kept", () => {
  const output = new MarkedOutput("\u001eabc", () => assert.fail("noise was passed on"));
  for (let times = 0; times < 100; times += 1) output.push(Buffer.alloc(100_000, "x"));
  output.push(Buffer.from("the end"));
  assert.ok(output.noise.length <= 4096);
  assert.match(output.noise, /the end$/);
});

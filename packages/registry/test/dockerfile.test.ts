import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesGlob } from "../src/build/dockerfile/copy.ts";
import { expandWords } from "../src/build/dockerfile/words.ts";
import { filePiece, type Piece, treeFiles, treeOfPieces } from "../src/index.ts";

function link(path: string, target: string): Piece {
  return { entry: { path, kind: "symlink", mode: 0o777, uid: 0, gid: 0, size: 0, modified: 0, target } };
}

test("symlinks never lead out of a tree", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.constantFrom("a", "b", "a/c", "d"), fc.constantFrom("..", "../..", "/", "/b", "a", ".", "../../etc/passwd", "d/../d")),
      ),
      (links) => {
        const tree = treeOfPieces([...links.map(([path, target]) => link(path, target)), filePiece("z", "")]);
        const files = treeFiles(tree);
        for (const path of ["a", "b/c", "a/c/../../x", "d", "../../../z"]) {
          const found = files.follow(path);
          assert.ok(found === undefined || tree.entries.includes(found));
        }
        assert.equal(files.follow("../../../z")?.path, "z");
      },
    ),
  );
});

const variables = (name: string): string | undefined => ({ A: "1", EMPTY: "", SPACED: "x y" })[name];

test("words are split and variables replaced as Dockerfiles have them", () => {
  const words = (line: string): readonly string[] | undefined => expandWords(line, variables, "\\");
  assert.deepEqual(words("a  b\tc"), ["a", "b", "c"]);
  assert.deepEqual(words("'a b'c \"d e\" ''"), ["a bc", "d e", ""]);
  assert.deepEqual(words("$A${A}x $NONE. ${EMPTY:-d}${EMPTY-d} ${NONE:-$A}"), ["11x", ".", "d", "1"]);
  assert.deepEqual(words("${A:+yes}${NONE:+no} $SPACED"), ["yes", "x y"]);
  assert.deepEqual(words("'$A' \"$A\" \\$A \\\\ $"), ["$A", "1", "$A", "\\", "$"]);
  for (const wrong of ["'a", '"a', "${A", "${A:?x}", "${}"]) assert.equal(words(wrong), undefined, wrong);
  assert.deepEqual(expandWords("`$A \\x", variables, "`"), ["$A", "\\x"]);
  fc.assert(fc.property(fc.array(fc.stringMatching(/^[\w./:-]+$/)), (plain) => assert.deepEqual(words(plain.join(" ")), plain)));
});

test("patterns stop at slashes", () => {
  for (const [pattern, path] of [
    ["*.c", "a.c"],
    ["a/*", "a/b"],
    ["[a-c]?", "bx"],
    ["[^a]", "b"],
    ["\\*", "*"],
    ["a.b", "a.b"],
  ] as const)
    assert.ok(matchesGlob(path, pattern), pattern);
  for (const [pattern, path] of [
    ["*", "a/b"],
    ["a.b", "axb"],
    ["[^a]", "a"],
    ["?", "/"],
    ["\\*", "x"],
  ] as const)
    assert.ok(!matchesGlob(path, pattern), pattern);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter, formatImageReference, matchesGlob, mayBeImageId, parseImageReference } from "@outrigger/sdk";
import fc from "fast-check";

test("patterns: stars and question marks only, and no pattern is slow", () => {
  for (const [text, pattern] of [
    ["a/b", "*"],
    ["", "*"],
    ["a.b", "a.b"],
    ["abc", "a?c"],
    ["abcabd", "*ab?"],
    ["a[b", "a[b"],
  ] as const)
    assert.ok(matchesGlob(text, pattern), pattern);
  for (const [text, pattern] of [
    ["ab", "a"],
    ["", "?"],
    ["axb", "a.b"],
    ["A", "a"],
    ["abc", "*b"],
  ] as const)
    assert.ok(!matchesGlob(text, pattern), pattern);
  assert.ok(!matchesGlob("a".repeat(2000), `${"*a".repeat(500)}b`));
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      (start, end) => matchesGlob(start + end, "*") && matchesGlob(`${start}x${end}`, `*x${end.replaceAll(/[*?]/g, "?")}`),
    ),
  );
});

test("image references are completed as the engine does", () => {
  for (const [text, full] of [
    ["nginx", "docker.io/library/nginx:latest"],
    ["a/b:1", "docker.io/a/b:1"],
    ["localhost/a", "localhost/a:latest"],
    ["host:5000/a", "host:5000/a:latest"],
    ["Host.example/a", "host.example/a:latest"],
    ["index.docker.io/a", "docker.io/library/a:latest"],
    [`a@sha256:${"f".repeat(64)}`, `docker.io/library/a@sha256:${"f".repeat(64)}`],
    ["[::1]:5000/a", "[::1]:5000/a:latest"],
  ] as const) {
    const reference = parseImageReference(text);
    assert.equal(reference === undefined ? undefined : formatImageReference(reference), full, text);
  }
  for (const text of [
    "",
    "A",
    "a:",
    "a b",
    "a//b",
    "/a",
    "a/",
    "a:1:2",
    "a@x",
    "a@b@c",
    "-a",
    "a:-",
    `a@sha256:${"f".repeat(31)}`,
    "http://x/a",
  ]) {
    assert.equal(parseImageReference(text), undefined, text);
  }
  for (const text of ["4bb46517cac3", "ab", `sha256:${"0".repeat(64)}`]) assert.ok(mayBeImageId(text), text);
  for (const text of ["nginx", "ab:1", "docker.io/library/ab"]) assert.ok(!mayBeImageId(text), text);
});

test("filters: usual doors, images, labels, methods and routes", () => {
  const wants = compileFilter("container.preCreate", { images: ["nginx*"], labels: { owner: "", team: "x" } });
  const input = (Image: string, Labels: unknown): unknown => ({ body: { Image, Labels } });
  assert.ok(wants(input("nginx:1", { owner: "a", team: "x" }), { door: "create" }));
  assert.ok(!wants(input("nginx:1", { owner: "a", team: "x" }), { door: "exec" }));
  assert.ok(!wants(input("redis", { owner: "a", team: "x" }), { door: "create" }));
  assert.ok(!wants(input("nginx", { team: "x" }), { door: "create" }));
  const routes = compileFilter("api.request", { methods: ["POST"], routes: ["container.*"] });
  assert.ok(routes({ method: "POST", route: "container.create" }, {}));
  assert.ok(!routes({ method: "GET", route: "container.list" }, {}));
  assert.ok(!routes({ method: "POST", route: null }, {}));
});

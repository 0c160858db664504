import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchRoute, parseTarget, routeRows } from "../src/index.ts";

test("a usual target stays as it is", () => {
  const text = "/v1.41/containers/json?all=1&filters=%7B%22a%22%3A%5B%22b%22%5D%7D&x";
  const target = parseTarget(text);
  assert.equal(target.text, text);
  assert.equal(target.version, "1.41");
  assert.equal(target.path, "/containers/json");
  assert.deepEqual(target.query, [
    ["all", "1"],
    ["filters", '{"a":["b"]}'],
    ["x", ""],
  ]);
});

test("a path is decoded once, and sent on in one form", () => {
  assert.equal(parseTarget("/containers/%63reate").text, "/containers/create");
  assert.equal(parseTarget("/v1.41/images/a%2Fb%3a1/json").text, "/v1.41/images/a/b:1/json");
  assert.equal(parseTarget("/containers/%C3%A9%20/json").text, "/containers/%C3%A9%20/json");
  assert.equal(parseTarget("/containers/%c3%a9/json").text, "/containers/%C3%A9/json");
});

test("a version is what the engine takes for one, and nothing else", () => {
  assert.equal(parseTarget("/v1.41.0/info").version, "1.41.0");
  assert.equal(parseTarget("/V1.41/info").version, null);
  assert.equal(parseTarget("/v1.41").version, null);
  assert.equal(parseTarget("/va/info").version, null);
  assert.equal(parseTarget("/v1.41/v1.41/info").path, "/v1.41/info");
});

const refused = [
  "",
  "*",
  "http://docker/info",
  "docker:80",
  "info",
  "//info",
  "/containers//json",
  "/containers/./json",
  "/containers/../info",
  "/..",
  "/.",
  "/containers/%2e%2e/info",
  "/containers/%2E/json",
  "/containers%2fcreate",
  "/v1.41/containers%2Fcreate",
  "/v1.41%2fcontainers/create",
  "/containers/a%5cb/json",
  "/containers/a\\b/json",
  "/containers/a%00/json",
  "/containers/a%0a/json",
  "/containers/%2563reate",
  "/containers/%/json",
  "/containers/%zz/json",
  "/containers/%ff/json",
  "/containers/%c0%af/json",
  "/images/a%2f%2fb/json",
  "/images/a%2f..%2f..%2finfo/json",
  "/info#a",
  "/info?a;b",
  "/info?a=%",
  "/info?a=%2",
  "/%69mages/a%2fb/json",
];

for (const text of refused) {
  test(`the target ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseTarget(text), { code: "request-malformed" });
  });
}

test("query values are decoded as Go does; repeated names stay", () => {
  assert.deepEqual(parseTarget("/info?a=1&A=2&a=3&&b+c=%2B+%C3%A9&=x&d=%ff").query, [
    ["a", "1"],
    ["A", "2"],
    ["a", "3"],
    ["b c", "+ é"],
    ["", "x"],
    ["d", "\ufffd"],
  ]);
});

test("canonical targets are their own canonical form", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }), (parts) => {
      const text = `/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
      let once: string;
      try {
        once = parseTarget(text).text;
      } catch {
        return;
      }
      assert.equal(parseTarget(once).text, once);
      assert.equal(decodeURIComponent(once), decodeURIComponent(text));
    }),
  );
});

test("every row of the table is found by its own path, also with odd names", () => {
  for (const [name, method, path] of routeRows) {
    for (const value of ["web", "a/b:1", "json"]) {
      const concrete = path.replace("{checkpoint}", "c1").replace(/\{\w+\}/, value);
      const found = matchRoute(method, concrete);
      assert.equal(found?.name, name, `${method} ${concrete}`);
      for (const parameter of Object.values(found?.parameters ?? {})) assert.ok([value, "c1"].includes(parameter), concrete);
    }
  }
});

test("routes match whole paths, and case counts", () => {
  for (const [method, path] of [
    ["post", "/containers/create"],
    ["POST", "/Containers/create"],
    ["POST", "/containers/create/"],
    ["POST", "/containers/createx"],
    ["GET", "/containers/create"],
    ["POST", "/x/containers/create"],
    ["GET", "/containers/json/"],
    ["POST", "/containers//start"],
    ["GET", "/"],
  ] as const) {
    assert.equal(matchRoute(method, path), undefined, `${method} ${path}`);
  }
  assert.deepEqual(matchRoute("DELETE", "/containers/web/checkpoints/one"), {
    name: "checkpoint.delete",
    parameters: { name: "web", checkpoint: "one" },
  });
  assert.equal(matchRoute("OPTIONS", "/anything")?.name, "system.options");
});

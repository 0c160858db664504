import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseChallenges } from "../src/client/challenge.ts";
import { isLoopback, nextPage, retryAfter } from "../src/client/places.ts";

test("challenges as registries write them", () => {
  assert.deepEqual(parseChallenges('Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push"'), [
    { scheme: "bearer", parameters: { realm: "https://auth.example/token", service: "registry", scope: "repository:a/b:pull,push" } },
  ]);
  assert.deepEqual(parseChallenges('Negotiate YII=, Basic realm="a \\"b\\", c" , BEARER Realm = "x"'), [
    { scheme: "negotiate", parameters: {} },
    { scheme: "basic", parameters: { realm: 'a "b", c' } },
    { scheme: "bearer", parameters: { realm: "x" } },
  ]);
  assert.deepEqual(parseChallenges('Basic __proto__="x"'), [{ scheme: "basic", parameters: {} }]);
});

test("challenges: whatever is written comes back, and no text makes the reading fail or hang", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,10}$/).filter((text) => text !== "__proto__");
  const challenge = fc.record({ scheme: name, parameters: fc.dictionary(name, fc.string(), { minKeys: 1 }) });
  fc.assert(
    fc.property(fc.array(challenge, { minLength: 1, maxLength: 3 }), (challenges) => {
      const text = challenges
        .map(({ scheme, parameters }) => {
          const pairs = Object.entries(parameters).map(([key, value]) => `${key}="${value.replace(/["\\]/g, "\\$&")}"`);
          return `${scheme} ${pairs.join(", ")}`;
        })
        .join(", ");
      assert.deepEqual(
        parseChallenges(text).map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } })),
        challenges.map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } })),
      );
    }),
  );
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => Array.isArray(parseChallenges(text))));
  parseChallenges(`Basic ${'a="'.repeat(20_000)}`);
  parseChallenges("a,".repeat(50_000));
});

test("Retry-After is read as seconds and as a date, the next page stays with its origin, loopback is what it says", () => {
  assert.equal(retryAfter("3", 0), 3000);
  assert.equal(retryAfter("Thu, 01 Jan 1970 00:00:10 GMT", 4000), 6000);
  assert.equal(retryAfter("Thu, 01 Jan 1970 00:00:10 GMT", 40_000), 0);
  assert.equal(retryAfter("soon", 0), undefined);
  const here = new URL("https://registry.example/v2/a/tags/list");
  assert.equal(nextPage('</v2/a/tags/list?n=2>; rel="next"', here)?.href, "https://registry.example/v2/a/tags/list?n=2");
  assert.equal(nextPage('<https://other.example/>; rel="next"', here), undefined);
  assert.equal(nextPage('</x>; rel="prev"', here), undefined);
  for (const host of ["localhost", "localhost:5000", "127.0.0.1:1", "127.1.2.3", "[::1]:5000"]) assert.equal(isLoopback(host), true, host);
  for (const host of ["localhost.example", "128.0.0.1", "127.0.0.1.example", "[::2]", "127.0.0.1@example"])
    assert.equal(isLoopback(host), false, host);
});

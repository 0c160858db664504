import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { captureFilter } from "../agent/filter.ts";
import { Histogram } from "../agent/histogram.ts";
import { pathTemplate } from "../agent/path-template.ts";
import { createRanking } from "../agent/ranking.ts";
import { readSettings } from "../agent/settings.ts";

const duration = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("a histogram's quantile is at most 3.2 % off the true one, also after merging in any order", () => {
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 200 }), fc.nat(100), fc.nat(200), (durations, percent, at) => {
      const share = percent / 100;
      const [one, two] = [new Histogram(), new Histogram()];
      for (const [index, each] of durations.entries()) (index < at ? one : two).add(each);
      two.merge(one);
      const sorted = durations.toSorted((a, b) => a - b);
      const truth = sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-6) - 1)] ?? 0;
      const found = two.quantile(share);
      assert.ok(Math.abs(found - truth) <= truth * 0.032 + 1, `${found} for ${truth}`);
      assert.equal(two.max, sorted.at(-1));
      assert.equal(two.total, durations.length);
    }),
  );
});

test("paths are folded so that ids and tokens are gone and their number is small", () => {
  const cases = [
    ["/", "/"],
    ["/users/42?token=abc#x", "/users/{id}"],
    ["http://host:80/a/b", "/a/b"],
    ["/f/6f1ed002-ab9d-4c5e-b8f3-2a0f6a1b9c11/x", "/f/{id}/x"],
    ["/blob/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/blob/{id}"],
    ["/reset/eyJhbGciOiJIUzI1NiJ9.e30.Et9HFtf9R3GEMA0", "/reset/{id}"],
    ["/mail/someone%40example.org", "/mail/{id}"],
    ["/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/…"],
    ["*", "*"],
    ["/\u0007bell", "/?bell"],
  ] as const;
  for (const [target, template] of cases) assert.equal(pathTemplate(target), template);
  fc.assert(
    fc.property(fc.string(), (target) => {
      const template = pathTemplate(`/${target}`);
      assert.ok(template.length <= 128 && !template.includes("?x="));
      assert.match(template, /^[\x21-\x7e…]+$/);
    }),
  );
});

test("who is called most is in the ranking, however many others there are", () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 2000 }), fc.nat(), (others, seed) => {
      const ranking = createRanking(20);
      for (let number = 0; number < others; number += 1) {
        ranking.count(`/${(number * 7919 + seed) % 1_000_003}`, 10, false, 1);
        if (number % 4 === 0) ranking.count("/popular", 10, number % 8 === 0, 1);
      }
      const [first, ...rest] = ranking.list();
      assert.equal(first?.route, "/popular");
      assert.ok(first.requests <= Math.ceil(others / 4));
      assert.ok(rest.length <= 19);
    }),
    { numRuns: 50 },
  );
});

test("settings are read from the discovery document; wrong ones are named", () => {
  const port = (options: object): object => ({
    base_ports: [{ port: 65_301, listen_port: 65_301, origin_port: 8080, protocol: "http", options }],
  });
  assert.deepEqual(readSettings(port({ ENABLED: "false", SAMPLING: "10", SLOW_MS: "20" })), [
    { port: 8080, protocol: "http", enabled: false, sampling: 10, slowMs: 20 },
  ]);
  assert.deepEqual(readSettings(port({})), [{ port: 8080, protocol: "http", enabled: true, sampling: 100, slowMs: 500 }]);
  assert.throws(() => readSettings(port({ SAMPLING: "0" })), /SAMPLING of port 8080 is "0", not a whole number from 1 to 100/);
  assert.throws(() => readSettings(port({ ENABLED: "yes" })), /ENABLED of port 8080 is "yes"/);
  assert.throws(() => readSettings({}), /base_ports/);
});

test("without a port or an address there is nothing to capture", () => {
  assert.equal(captureFilter([], ["10.0.0.2"]), undefined);
  assert.equal(captureFilter([{ port: 80, sampling: 100 }], []), undefined);
});

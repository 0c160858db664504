import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyChanges, covers, diffFields, fieldPatterns, forbiddenChanges, sameValue, visibleInput } from "../src/index.ts";

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 0, 1, "a"),
    fc.bigInt(),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "a.b", "__proto__", "constructor"), tie("value"), { maxKeys: 3 }),
  ),
})).value;

test("a diff carried out on the first value gives the second", () => {
  fc.assert(fc.property(json, json, (before, after) => sameValue(applyChanges(before, diffFields(before, after)), after)));
});

test("a diff is empty exactly where the values are the same", () => {
  fc.assert(fc.property(json, (value) => diffFields(value, structuredClone(value)).length === 0));
});

test("a change that no pattern covers is found, whatever else changes with it", () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      const patterns = fieldPatterns(["body.a", "body.b.*"]);
      const from = { body: before, other: 1 };
      const found = forbiddenChanges(diffFields(from, { body: after, other: 2 }), patterns);
      assert.ok(found.includes("other"));
      const allowed = applyChanges(
        from,
        diffFields(from, { body: after, other: 1 }).filter(({ way }) => covers(patterns, way)),
      );
      assert.deepEqual(forbiddenChanges(diffFields(from, allowed), patterns), []);
    }),
  );
});

test("privileges to change: fields, everything below, keys with dots, objects on the way", () => {
  const forbidden = (change: readonly string[], before: unknown, after: unknown): readonly string[] =>
    forbiddenChanges(diffFields(before, after), fieldPatterns(change));
  assert.deepEqual(forbidden(["body.HostConfig.Memory"], { body: {} }, { body: { HostConfig: { Memory: 1 } } }), []);
  assert.deepEqual(forbidden(["body.HostConfig.Memory"], { body: { HostConfig: null } }, { body: { HostConfig: {} } }), []);
  assert.deepEqual(forbidden(["body.HostConfig.Memory"], { body: {} }, { body: { HostConfig: { Memory: 1, Privileged: true } } }), [
    "body.HostConfig.Privileged",
  ]);
  assert.deepEqual(forbidden(["body.Labels.*"], { body: {} }, { body: { Labels: { "a.b": "c" } } }), []);
  assert.deepEqual(forbidden(["body.Labels.a"], { body: {} }, { body: { Labels: { "a.b": "c" } } }), ["body.Labels.a.b"]);
  assert.deepEqual(forbidden(["body.Labels.com.example.owner"], { body: {} }, { body: { Labels: { "com.example.owner": "c" } } }), []);
  assert.deepEqual(forbidden(["body.HostConfig.Memory"], { body: {} }, { body: { "HostConfig.Memory": 1 } }), []);
  assert.deepEqual(forbidden(["body.HostConfig.Memory"], { body: { HostConfig: { Memory: 1, Privileged: false } } }, { body: {} }), [
    "body.HostConfig.Privileged",
  ]);
  assert.deepEqual(forbidden(["body.Labels.*"], { body: { Labels: { a: "b" } } }, { body: { Labels: "x" } }), ["body.Labels"]);
  assert.deepEqual(forbidden([], { body: { Cmd: ["a"] } }, { body: { Cmd: ["b"] } }), ["body.Cmd"]);
});

test("privileges to see: variables only where they are named, the rest by what is asked for", () => {
  const input = { name: "web", body: { Image: "a", Env: ["SECRET=1"], Labels: { a: "1", b: "2" }, HostConfig: { Memory: 1 } } };
  const see = (...fields: readonly string[]): unknown => visibleInput(input, fieldPatterns(fields));
  const { Env: _, ...rest } = input.body;
  assert.deepEqual(visibleInput(input, undefined), { name: "web", body: rest });
  assert.deepEqual(see("*"), { name: "web", body: rest });
  assert.deepEqual(see("*", "body.Env"), input);
  assert.deepEqual(see("body.Labels.a", "body.HostConfig.*"), { body: { Labels: { a: "1" }, HostConfig: { Memory: 1 } } });
  assert.deepEqual(see("nothing"), {});
  assert.equal(visibleInput(input.body, undefined), input.body);
});

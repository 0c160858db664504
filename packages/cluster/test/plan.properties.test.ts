import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makePlan, type Plan, type Task, timelines } from "../src/index.ts";
import { canonicalJson, digestOfValue } from "../src/plan/digest.ts";
import { inputFrom } from "./plan-support.ts";

function tasksOf(plan: Plan): readonly Task[] {
  return plan.stages.flatMap(({ entries }) => entries.flatMap(({ tasks }) => tasks));
}

test("every task of a plan has an id of its own", () => {
  fc.assert(
    fc.property(inputFrom, (input) => {
      const ids = tasksOf(makePlan(input)).map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
    }),
  );
});

test("stages come as the timeline says, those without anything to do included", () => {
  fc.assert(
    fc.property(inputFrom, (input) => {
      const moments = makePlan(input).stages.map(({ entries: _, ...moment }) => moment);
      assert.deepEqual(moments, timelines[input.operation]);
    }),
  );
});

test("every plug-in that is switched on stands exactly at its phases, in the cluster's order; the others nowhere", () => {
  fc.assert(
    fc.property(inputFrom, (input) => {
      const plan = makePlan(input);
      for (const stage of plan.stages) {
        const there = stage.entries.flatMap((entry) => ("plugin" in entry ? [entry.plugin.name] : []));
        const wanted = input.cluster.plugins.filter(
          ({ disabled, phases }) => !disabled && "phase" in stage && phases.includes(stage.phase),
        );
        assert.deepEqual(
          there,
          wanted.map(({ name }) => name),
        );
      }
      assert.deepEqual(
        plan.disabled,
        input.cluster.plugins.filter(({ disabled }) => disabled),
      );
    }),
  );
});

test("work is done on hosts that the operation touches, on master0, or here", () => {
  fc.assert(
    fc.property(inputFrom, (input) => {
      const plan = makePlan(input);
      const allowed = new Set([...plan.touched, plan.master0, "-"]);
      for (const { host, id } of tasksOf(plan)) assert.ok(allowed.has(host), id);
      for (const { entries } of plan.stages) {
        for (const entry of entries) if ("plugin" in entry) for (const ip of entry.hosts) assert.ok(allowed.has(ip));
      }
    }),
  );
});

test("the same input gives the same plan", () => {
  fc.assert(
    fc.property(inputFrom, (input) => {
      const { types, ...rest } = input;
      assert.deepEqual(makePlan({ ...structuredClone(rest), types }), makePlan(input));
    }),
  );
});

test("equal values have equal digests, however their keys are ordered; different ones differ", () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, field]) => [key, reversed(field)] as const)
        .toReversed(),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      assert.equal(digestOfValue(reversed(one)), digestOfValue(one));
      assert.deepEqual(JSON.parse(canonicalJson(one)), JSON.parse(JSON.stringify(one)));
      if (canonicalJson(one) !== canonicalJson(other)) assert.notEqual(digestOfValue(one), digestOfValue(other));
    }),
  );
});

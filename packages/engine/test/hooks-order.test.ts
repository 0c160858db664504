import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { byHookOrder, type Ordered, orderPlugins } from "../src/hooks/order.ts";

const names = ["a", "b", "c", "d", "e", "f"];
const list = fc.subarray(names);
const plugins: fc.Arbitrary<readonly Ordered[]> = fc
  .subarray(names)
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((name) => fc.record({ name: fc.constant(name), before: list, after: list, priority: fc.integer({ min: -2, max: 2 }) })),
    ),
  );

/** Everything that has to come before a plug-in, directly or through others. */
function earlier(items: readonly Ordered[], name: string): ReadonlySet<string> {
  const direct = (one: string): readonly string[] =>
    items
      .filter((other) => other.before.includes(one) || items.find((item) => item.name === one)?.after.includes(other.name))
      .map((item) => item.name);
  const found = new Set<string>();
  const look = (one: string): void => {
    for (const other of direct(one)) {
      if (found.has(other)) continue;
      found.add(other);
      look(other);
    }
  };
  look(name);
  return found;
}

test("before and after hold, a circle is found exactly when there is one, and nothing gets lost", () => {
  fc.assert(
    fc.property(plugins, (items) => {
      const { ordered, cycle } = orderPlugins(items);
      const circular = items.some(({ name }) => earlier(items, name).has(name));
      assert.equal(cycle.length > 0, circular);
      if (circular) return;
      const order = ordered.map(({ name }) => name);
      assert.deepEqual(order.toSorted(), items.map(({ name }) => name).toSorted());
      for (const { name } of items) for (const other of earlier(items, name)) assert.ok(order.indexOf(other) < order.indexOf(name));
    }),
  );
});

test("what before and after leave open goes by priority, then by name, however the plug-ins are listed", () => {
  fc.assert(
    fc.property(plugins, fc.nat(), (items, seed) => {
      const { ordered, cycle } = orderPlugins(items);
      fc.pre(cycle.length === 0);
      const shuffled = items.toSorted(
        (one, other) => ((one.name.charCodeAt(0) * (seed + 7)) % 11) - ((other.name.charCodeAt(0) * (seed + 7)) % 11),
      );
      assert.deepEqual(orderPlugins(shuffled).ordered, ordered);
      for (const [index, item] of ordered.entries()) {
        const done = new Set(ordered.slice(0, index).map(({ name }) => name));
        const ready = ordered.slice(index).filter(({ name }) => [...earlier(items, name)].every((other) => done.has(other)));
        const first = ready.toSorted((one, other) => other.priority - one.priority || (one.name < other.name ? -1 : 1))[0];
        assert.equal(item, first);
      }
    }),
  );
});

test("at a hook point pre comes first and post last, and within each the order stays", () => {
  const order = byHookOrder([
    { name: "a", order: "post" as const },
    { name: "b", order: undefined },
    { name: "c", order: "pre" as const },
    { name: "d", order: undefined },
    { name: "e", order: "pre" as const },
  ]);
  assert.equal(order.map(({ name }) => name).join(""), "cebda");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConformanceReport, checkTable, testDriver } from "@outrigger/driver";
import { everyInterface, pythonDriver } from "./support/python-driver.ts";

/** These hold by the clock, and a machine that is busy breaks them. */
const byTheClock: readonly string[] = ["lifecycle.listens-soon", "lifecycle.stop-soon", "http.quick"];

function failed({ results }: ConformanceReport): readonly string[] {
  return results
    .filter(({ outcome, id }) => outcome === "failed" && !byTheClock.includes(id))
    .map(({ id, failure }) => `${id}: expected ${failure?.expected}; ${failure?.found}; got ${failure?.got}`);
}

for (const profile of ["20.10", "29"] as const) {
  test(`a driver without a defect passes every check, as engine ${profile} asks`, async (context) => {
    const { launcher, root } = pythonDriver(context);
    const report = await testDriver({ launcher, root, profile });
    assert.deepEqual(failed(report), []);
    assert.deepEqual(
      report.results.filter(({ outcome }) => outcome === "skipped"),
      [],
    );
    assert.deepEqual(
      report.results.map(({ id }) => id),
      checkTable.map(({ id }) => id),
    );
    assert.deepEqual(report.interfaces, everyInterface);
  });
}

test("every check finds a driver with just that defect", { concurrency: 4 }, async (context) => {
  const found = checkTable.map(({ id, level }) =>
    context.test(id, async (part) => {
      const { launcher, root } = pythonDriver(part, id);
      const report = await testDriver({ launcher, root, interfaces: everyInterface, only: [id], timeout: 5_000, strict: true });
      assert.deepEqual(
        report.results.map((result) => [result.id, result.outcome, result.level]),
        [[id, "failed", level]],
        JSON.stringify(report.results),
      );
      assert.equal(report.passed, false);
    }),
  );
  await Promise.all(found);
});

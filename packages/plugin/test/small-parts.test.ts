import assert from "node:assert/strict";
import { test } from "node:test";
import {
  afterAction,
  formatCpu,
  formatMemory,
  formatPath,
  isOutriggerError,
  missingPrivileges,
  nearest,
  type OutriggerError,
  parseCpu,
  parseMemory,
  parseReference,
  pluginErrors,
  privilegesOf,
  type VersionAction,
  type VersionState,
} from "@outrigger/plugin";
import fc from "fast-check";

test("memory and CPU survive being written and read again", () => {
  fc.assert(fc.property(fc.nat({ max: 2 ** 46 }), (bytes) => parseMemory(formatMemory(bytes)) === bytes));
  fc.assert(fc.property(fc.nat({ max: 1e6 }), (thousandths) => parseCpu(formatCpu(thousandths)) === thousandths));
  assert.equal(parseMemory("64Mi"), 67_108_864);
  assert.equal(parseMemory("1.5G"), 1_500_000_000);
  assert.equal(parseCpu("0.25"), 250);
  for (const wrong of ["", "64MB", "-1", "1e3", "Mi"]) assert.equal(parseMemory(wrong), undefined, wrong);
});

test("a built version can be neither edited nor built again, from any state that leads there", () => {
  const version = { plugin: "a", version: "1.0.0" };
  const actions: readonly VersionAction[] = ["edit", "build", "succeed", "fail", "time-out", "cancel"];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...actions), { maxLength: 30 }), (steps) => {
      let state: VersionState = "draft";
      for (const step of steps) {
        const before: VersionState = state;
        try {
          state = afterAction(state, step, version);
        } catch (error) {
          assert.ok(isOutriggerError(error) && error.status === 409);
        }
        if (before === "built") assert.equal(state, "built");
      }
    }),
  );
  assert.throws(
    () => afterAction("built", "edit", version),
    (error: OutriggerError) => error.code === "version-fixed" && /new version/.test(error.hint),
  );
  assert.throws(
    () => afterAction("building", "build", version),
    (error: OutriggerError) => error.code === "version-busy",
  );
  assert.equal(afterAction("failed", "edit", version), "draft");
});

test("privileges beyond a plain container are named, the rest is not", () => {
  const asked = privilegesOf({ privileged: true, capabilities: { add: ["NET_ADMIN", "CHOWN"] } });
  assert.deepEqual(asked, ["capability:NET_ADMIN", "privileged"]);
  assert.deepEqual(missingPrivileges(asked, ["privileged"]), ["capability:NET_ADMIN"]);
});

test("references, paths and near words", () => {
  assert.deepEqual(parseReference("log-collector@1.0.0"), { name: "log-collector", version: "1.0.0" });
  assert.throws(
    () => parseReference("Log@"),
    (error: OutriggerError) => error.code === "reference-invalid",
  );
  assert.equal(formatPath(["a", 0, "b.c", "d"]), 'a[0]["b.c"].d');
  assert.equal(nearest("imgae", ["image", "git"]), "image");
  assert.equal(nearest("zzz", ["image", "git"]), undefined);
});

test("an error fills its texts and is known by its brand", () => {
  const error = pluginErrors["version-busy"]({ plugin: "a", version: "1" });
  assert.equal(error.message, "a@1 is being built.");
  assert.ok(isOutriggerError({ ...error, brand: error.brand }));
  assert.equal(isOutriggerError(new TypeError("x")), false);
});

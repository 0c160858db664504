import assert from "node:assert/strict";
import { test } from "node:test";
import { policyFuzz } from "./support/engine-fuzz.ts";

const seed = 4;

test("nothing that policy forbids gets through in any of 3,000 disguises; some do where no gateway stands", {
  timeout: 300_000,
}, async (context) => {
  const { throughGateway, directly } = await policyFuzz(context);
  const through = await throughGateway(seed, 3_000);
  context.diagnostic(JSON.stringify({ ...through, violations: through.violations.length }));
  assert.deepEqual(through.violations, []);
  assert.ok(through.created > 10, "what is allowed gets through");
  assert.equal(through.statuses[503], undefined, "the plug-in answered every time");
  const plain = await directly(seed, 200);
  assert.ok(plain.violations.length > 20, "the engine by itself lets them through");
});

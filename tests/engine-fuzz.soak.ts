import assert from "node:assert/strict";
import { test } from "node:test";
import { policyFuzz } from "./support/engine-fuzz.ts";

const count = Number(process.env["FUZZ_REQUESTS"] ?? 100_000);
const seed = Number(process.env["FUZZ_SEED"] ?? 1);

test(`nothing that policy forbids gets through in any of ${count} disguises of seed ${seed}`, async (context) => {
  const { throughGateway } = await policyFuzz(context);
  const report = await throughGateway(seed, count);
  context.diagnostic(JSON.stringify(report));
  assert.deepEqual(report.violations, []);
  assert.ok(report.created > count / 300, "what is allowed gets through");
});

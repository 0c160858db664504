import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { engineObjects, withEngine } from "../scripts/engine-objects.ts";
import { exampleCopy } from "./support/example.ts";
import { sandbox } from "./support/sandbox.ts";

const rounds = Number(process.env["SOAK_ROUNDS"] ?? 50);

test(`${rounds} rounds of up, a killed container, down: always ready, nothing left, no growing server`, async (context) => {
  const box = sandbox(context);
  const example = await exampleCopy(box);
  const memory: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const up = await box.run("up", "-f", example.file, "--timeout", "60");
    assert.equal(up.code, 0, `round ${round}: ${up.stderr}`);
    await withEngine((client) => client.call("POST", `/containers/outrigger.default.${example.application}.web.web/kill`));
    const again = await box.run("up", "-f", example.file, "--timeout", "60");
    assert.equal(again.code, 0, `round ${round}: ${again.stderr}`);
    const down = await box.run("down", "-f", example.file, "--volumes");
    assert.equal(down.code, 0, `round ${round}: ${down.stderr}`);
    assert.deepEqual(await engineObjects(`outrigger.default.${example.application}`), [], `round ${round}`);
    memory.push(residentMegabytes(box.dataDir));
  }
  const [early, late] = [average(memory.slice(5, 15)), average(memory.slice(-10))];
  context.diagnostic(`resident memory of the server: ${early} MB early, ${late} MB late`);
  assert.ok(late < early * 1.5, `the server grew from ${early} to ${late} MB`);
});

function residentMegabytes(dataDir: string): number {
  const { pid }: { readonly pid: number } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8"));
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function average(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

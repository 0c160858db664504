import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { ConfigValues } from "@outrigger/plugin";
import type { HostConfig } from "@outrigger/sdk";
import { type PluginKit, testPlugin } from "@outrigger/sdk/test-kit";
import fc from "fast-check";
import { create, recordedCreate } from "../../../tests/support/recorded.ts";
import { bytesOf, nanoCpusOf } from "../limits.ts";

function kitWith(settings: ConfigValues = {}): Promise<PluginKit> {
  return testPlugin({ folder: join(import.meta.dirname, ".."), settings });
}

async function hostOf(kit: PluginKit, Env: readonly string[], HostConfig?: HostConfig): Promise<HostConfig | null | undefined> {
  const { input, refused } = await kit.change("container.preCreate", create({ Env, ...(HostConfig === undefined ? {} : { HostConfig }) }));
  assert.equal(refused, undefined);
  return input.body.HostConfig;
}

test("variables become limits; everything else stays as it was", async () => {
  const kit = await kitWith();
  const plain = await recordedCreate("plain");
  const { input, changed } = await kit.change("container.preCreate", {
    ...plain,
    body: { ...plain.body, Env: ["MEMORY_LIMIT=512Mi", "CPU_LIMIT=0.5", "PIDS_LIMIT=200", "CPU_SET=0-1", "A=b"] },
  });
  assert.deepEqual(
    changed.toSorted(),
    ["Memory", "NanoCpus", "PidsLimit", "CpusetCpus"].map((name) => `body.HostConfig.${name}`).toSorted(),
  );
  const { Memory, NanoCpus, PidsLimit, CpusetCpus, ...rest } = input.body.HostConfig ?? {};
  assert.deepEqual([Memory, NanoCpus, PidsLimit, CpusetCpus], [2 ** 29, 5e8, 200, "0-1"]);
  for (const [name, value] of Object.entries(rest)) assert.deepEqual(value, plain.body.HostConfig?.[name as keyof HostConfig], name);
  assert.deepEqual((await kit.change("container.preCreate", plain)).changed, []);
});

test("a request without HostConfig gets one; the last of two variables counts; a name alone is none", async () => {
  const kit = await kitWith();
  assert.deepEqual(await hostOf(kit, ["MEMORY_LIMIT=1g", "MEMORY_LIMIT=2g", "CPU_LIMIT", "MEMORY_LIMITS=1"]), { Memory: 2 ** 31 });
});

test("given limits are kept or replaced, however they are given", async () => {
  const given = { Memory: 2 ** 20, CpuQuota: 50_000, CpuPeriod: 100_000, PidsLimit: 0 };
  const env = ["MEMORY_LIMIT=1g", "CPU_LIMIT=2", "PIDS_LIMIT=5"];
  assert.deepEqual(await hostOf(await kitWith(), env, given), { ...given, PidsLimit: 5 });
  assert.deepEqual(await hostOf(await kitWith({ behaviour: { given: "replace" } }), env, given), {
    Memory: 2 ** 30,
    NanoCpus: 2e9,
    PidsLimit: 5,
  });
});

test("a bad value refuses the request and names the variable, or is ignored with a warning", async () => {
  const body = create({ Env: ["MEMORY_LIMIT=lots"] });
  const { refused } = await (await kitWith()).change("container.preCreate", body);
  assert.equal(refused?.code, "bad-limit");
  assert.match(refused.message, /MEMORY_LIMIT is "lots"/);
  const ignored = await (await kitWith({ behaviour: { bad: "ignore" } })).change("container.preCreate", body);
  assert.deepEqual([ignored.changed, ignored.refused], [[], undefined]);
  assert.match(ignored.warnings[0] ?? "", /MEMORY_LIMIT/);
});

test("prefix, names of one's own, and variables taken out", async () => {
  const kit = await kitWith({ variables: { prefix: "C_", names: "MEM=memory, P=pids" }, behaviour: { remove: true } });
  const { input } = await kit.change("container.preCreate", create({ Env: ["C_MEM=64m", "A=b", "C_P=9", "MEMORY_LIMIT=1g"] }));
  assert.deepEqual(input.body.Env, ["A=b", "MEMORY_LIMIT=1g"]);
  assert.deepEqual(input.body.HostConfig, { Memory: 2 ** 26, PidsLimit: 9 });
  await assert.rejects(kitWith({ variables: { names: "MEM=memroy" } }), /memory-reservation/);
});

test("a service takes what it can carry; an exec is not asked", async () => {
  const kit = await kitWith();
  const input = create({ Env: ["MEMORY_LIMIT=1g", "SHM_SIZE=1m"] });
  const service = await kit.change("container.preCreate", input, { door: "service" });
  assert.deepEqual(service.changed, ["body.HostConfig"]);
  assert.deepEqual(service.input.body.HostConfig, { Memory: 2 ** 30 });
  assert.match(service.warnings[0] ?? "", /SHM_SIZE/);
  assert.equal((await kit.change("container.preCreate", input, { door: "exec" })).called, false);
});

test("amounts: docker's units, CPUs in cores and thousandths", () => {
  for (const text of ["512m", "512M", "512Mi", "512mb", "512MiB", "0.5g", String(2 ** 29)]) assert.equal(bytesOf(text), 2 ** 29, text);
  for (const text of ["", "m", "-1", "0", "1e9", "1x", "99999999p", "0x10", "1,5g"]) assert.equal(bytesOf(text), undefined, text);
  for (const [text, nano] of [
    ["0.5", 5e8],
    ["500m", 5e8],
    ["2", 2e9],
    ["0", undefined],
    ["-1", undefined],
    ["1.2.3", undefined],
  ] as const)
    assert.equal(nanoCpusOf(text), nano, text);
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 20 }), (amount) => bytesOf(`${amount}k`) === amount * 1024));
});

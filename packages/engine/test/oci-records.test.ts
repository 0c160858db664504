import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  createHookRecords,
  findRuntime,
  networkTimingOf,
  orderHooks,
  type PluginHook,
  planInstall,
  planRemove,
  recordText,
  textDiff,
  writeHooksDirectory,
  writeInstall,
} from "@outrigger/engine";
import type { OciHook } from "@outrigger/sdk";
import fc from "fast-check";
import { containerId } from "./support/wrapper.ts";

const given = (hook: OciHook): PluginHook => ({ plugin: "test", hook });
const settings = { records: "/records", missing: "run", unanswered: "refuse", wait: 1 } as const;

function temporary(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-records-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("engines up to 27 lay the network by a hook, 26.0 and those from 28 on by themselves", () => {
  const versions = {
    "20.10.24+dfsg1": "prestart",
    "27.5.1": "prestart",
    "26.0.2": "beforeStart",
    "26.1.0": "prestart",
    "28.0.0-rc.1": "beforeStart",
    "v29.3": "beforeStart",
    dev: "beforeStart",
  };
  for (const [version, timing] of Object.entries(versions)) assert.equal(networkTimingOf(version), timing, version);
});

test("hooks stand by priority around the engine's own, equals as they came; none is lost", () => {
  const hook = fc.record(
    {
      priority: fc.integer({ min: -3, max: 3 }),
      path: fc.nat().map((number) => `/${number}`),
      stage: fc.constantFrom("poststop", "createRuntime"),
    },
    { requiredKeys: ["priority", "path"], noNullPrototype: true },
  ) as fc.Arbitrary<OciHook>;
  fc.assert(
    fc.property(fc.array(hook), fc.constantFrom("prestart", "beforeStart"), (hooks, timing) => {
      const numbered = hooks.map((one, index) => ({ ...one, env: [`I=${index}`] }));
      const record = orderHooks(numbered.map(given), timing);
      const lists = Object.values(record).flatMap(({ before, after }) => [before, after]);
      assert.equal(lists.flat().length, hooks.length);
      const original = (env: readonly string[] = []): OciHook => numbered[Number(env[0]?.slice(2))] ?? assert.fail();
      for (const { before, after } of Object.values(record)) {
        assert.ok(before.every(({ env }) => original(env).priority > 0) && after.every(({ env }) => original(env).priority <= 0));
        for (const list of [before, after]) {
          const places = list.map(({ env = [] }) => [-original(env).priority, Number(env[0]?.slice(2))] as const);
          assert.deepEqual(
            places,
            places.toSorted(([a, x], [b, y]) => a - b || x - y),
          );
        }
      }
      for (const { stage, priority, env } of numbered) {
        const expected = stage ?? (timing === "prestart" ? "prestart" : priority > 0 ? "createRuntime" : "poststart");
        const { before = [], after = [] } = record[expected] ?? {};
        assert.ok([...before, ...after].some((entry) => entry.env?.[0] === env[0]));
      }
    }),
  );
});

test("hooks that no runtime could run are refused by plug-in and field", async (context) => {
  const folder = temporary(context);
  const records = await createHookRecords({ folder, network: "prestart" });
  const bad: readonly (readonly [string, unknown])[] = [
    ["path", { priority: 0, path: "bin/true" }],
    ["path", { priority: 0, path: "/a\0b" }],
    ["path", { priority: 0 }],
    ["priority", { path: "/a" }],
    ["priority", { path: "/a", priority: Number.NaN }],
    ["stage", { path: "/a", priority: 0, stage: "preStart" }],
    ["args", { path: "/a", priority: 0, args: "a" }],
    ["env", { path: "/a", priority: 0, env: ["A"] }],
    ["timeout", { path: "/a", priority: 0, timeout: 0 }],
    ["when", { path: "/a", priority: 0, when: {} }],
  ];
  for (const [field, hook] of bad) {
    await assert.rejects(records.put(containerId, [given(hook as OciHook)]), {
      code: "oci-hook-invalid",
      message: new RegExp(`test .* ${field} `),
    });
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("records are files for root alone, replaced whole, removed and pruned by id", async (context) => {
  const folder = join(temporary(context), "records");
  const records = await createHookRecords({ folder, network: "prestart" });
  const other = "f".repeat(64);
  await Promise.all([1, 2, 3].map((priority) => records.put(containerId, [given({ priority, path: `/${priority}` })])));
  await records.put(containerId, [given({ priority: 1, path: "/bin/one\n" })]);
  await records.put(other, []);
  const file = join(folder, `${containerId}.hooks`);
  assert.equal(readFileSync(file, "utf8"), 'outrigger-hooks 1\nprestart before {"path":"/bin/one\\n"}\nend\n');
  assert.equal(readFileSync(join(folder, `${other}.hooks`), "utf8"), recordText({}));
  assert.deepEqual([statSync(folder).mode & 0o777, statSync(file).mode & 0o777], [0o700, 0o600]);
  assert.equal(await records.prune(() => Promise.resolve([containerId])), 1);
  assert.deepEqual(readdirSync(folder), [`${containerId}.hooks`]);
  await records.remove(containerId);
  await records.remove(containerId);
  assert.deepEqual(readdirSync(folder), []);
  for (const id of ["../../etc/passwd", "web", containerId.slice(1), containerId.toUpperCase(), `${containerId}\n`]) {
    await assert.rejects(records.put(id, []), { code: "container-id-invalid" });
    assert.throws(() => records.remove(id), { code: "container-id-invalid" });
  }
});

test("daemon.json keeps what it has; doing it twice changes nothing; a file that is none stays", async (context) => {
  const folder = temporary(context);
  const daemonJson = join(folder, "daemon.json");
  const installation = { name: "hooked", daemonJson, folder: join(folder, "lib"), asDefault: false };
  const before = '{\n\t"debug": true,\n\t"runtimes": { "gpu": { "path": "/bin/true", "runtimeArgs": ["a"] } }\n}\n';
  writeFileSync(daemonJson, before);
  const runtime = await findRuntime(daemonJson, "gpu");
  assert.equal(runtime, "/bin/true");
  const plan = await planInstall(installation);
  assert.match(plan.diff, /^\+\t\t"hooked": \{$/m);
  assert.equal(readFileSync(daemonJson, "utf8"), before, "a plan writes nothing");
  await writeInstall(daemonJson, plan, { ...settings, runtime });
  const wrapper = join(folder, "lib", "hooked-runc");
  assert.deepEqual(JSON.parse(readFileSync(daemonJson, "utf8")), {
    debug: true,
    runtimes: { gpu: { path: "/bin/true", runtimeArgs: ["a"] }, hooked: { path: wrapper } },
  });
  assert.equal(readFileSync(`${daemonJson}.backup`, "utf8"), before);
  assert.match(readFileSync(wrapper, "utf8"), /^runtime='\/bin\/true'$/m);
  assert.equal(statSync(wrapper).mode & 0o777, 0o755);
  assert.equal((await planInstall(installation)).diff, "");
  assert.equal((await planRemove({ ...installation, name: "gpu" })).diff, "", "another's runtime is not taken out");
  await assert.rejects(planInstall({ ...installation, name: "gpu" }), { code: "runtime-name-taken" });
  await assert.rejects(planInstall({ ...installation, name: "runc" }), { code: "runtime-name-taken" });
  await assert.rejects(findRuntime(daemonJson, "nothing-of-this-name"), { code: "runtime-missing" });
  for (const text of ["{", "[]", '{"runtimes":[]}']) {
    writeFileSync(daemonJson, text);
    await assert.rejects(planInstall(installation), { code: "daemon-json-invalid" });
    assert.equal(readFileSync(daemonJson, "utf8"), text);
  }
});

test("the wrapper goes into no folder that others may write", async (context) => {
  const folder = temporary(context);
  const open = join(folder, "open");
  mkdirSync(open);
  const { chmod } = await import("node:fs/promises");
  await chmod(open, 0o777);
  const daemonJson = join(folder, "daemon.json");
  const plan = await planInstall({ name: "hooked", daemonJson, folder: join(open, "lib"), asDefault: true });
  await assert.rejects(writeInstall(daemonJson, plan, { ...settings, runtime: "/bin/true" }), { code: "folder-unsafe" });
  assert.ok(!existsSync(daemonJson) && !existsSync(join(open, "lib")));
});

test("a diff shows what goes and what comes", () => {
  assert.equal(textDiff("a\nb\nc\n", "a\nx\ny\nc\n"), " a\n-b\n+x\n+y\n c");
  assert.equal(textDiff("", "a\n"), "+a");
  assert.equal(textDiff("a\n", "a\n"), "");
  assert.equal(textDiff("a\na\n", "a\n"), " a\n-a");
});

test("a hooks.d directory holds a file for each hook, first the higher priority; what it can't say is refused", async (context) => {
  const folder = temporary(context);
  writeFileSync(join(folder, "10-other.json"), "{}");
  const hooks = [
    given({ priority: -2, path: "/late", args: ["late"] }),
    given({ priority: 5, path: "/early", stage: "createRuntime", timeout: 3 }),
  ];
  const files = await writeHooksDirectory(folder, hooks);
  assert.deepEqual(files, ["outrigger-0000-test.json", "outrigger-0001-test.json"]);
  const read = (name = ""): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
  assert.deepEqual(read(files[0]), {
    version: "1.0.0",
    hook: { path: "/early", timeout: 3 },
    when: { always: true },
    stages: ["createRuntime"],
  });
  assert.deepEqual(read(files[1]), {
    version: "1.0.0",
    hook: { path: "/late", args: ["late"] },
    when: { always: true },
    stages: ["prestart"],
  });
  const impossible = { code: "hooks-directory-impossible" };
  await assert.rejects(writeHooksDirectory(folder, [given({ priority: 1, path: "/x" })]), impossible);
  await assert.rejects(writeHooksDirectory(folder, [{ ...given({ priority: 0, path: "/x" }), filter: { images: ["a*"] } }]), impossible);
  assert.equal(readdirSync(folder).length, 3, "nothing was written");
  await writeHooksDirectory(folder, hooks.slice(1));
  assert.deepEqual(readdirSync(folder).toSorted(), ["10-other.json", "outrigger-0000-test.json"]);
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type Journal, openJournal, readJournal } from "../src/run/journal.ts";
import { callEntry, carryOut, fakeHosts, host, planOf, plugin, scriptEntry, typesOf } from "./run-fakes.ts";

const entries = fc.array(
  fc.record({
    called: fc.boolean(),
    hosts: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
    parallel: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    /** How often it fails on each host before it is done. */
    fails: fc.integer({ min: 0, max: 2 }),
    retries: fc.integer({ min: 0, max: 1 }),
  }),
  { minLength: 1, maxLength: 5 },
);

class Killed extends TypeError {}

test("killed at any moment, any number of times: resume does every task, none that is done again, and scripts never twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      async (wanted, kills, limit) => {
        const folder = mkdtempSync(join(tmpdir(), "outrigger-run-"));
        try {
          const hosts = [1, 2, 3, 4].map((number) => host(`10.0.0.${number}`, number === 1 ? ["master"] : ["node"]));
          const calls: string[] = [];
          let left = Number.POSITIVE_INFINITY;
          const step = (): void => {
            left -= 1;
            if (left < 0) throw new Killed("killed");
          };
          const failing = (name: string): number => wanted[Number(name.slice(1))]?.fails ?? 0;
          const connections = fakeHosts(hosts, { step, script: (_, name, starts) => (starts <= failing(name) ? 1 : 0) });
          const types = typesOf({
            CALLED: {
              type: "CALLED",
              kind: "called",
              check: () => [],
              privileges: [],
              run: async ({ name }) => {
                step();
                calls.push(name);
                step();
              },
            },
          });
          const plan = planOf(hosts, [
            {
              phase: "PreInit",
              entries: wanted.map(({ called, hosts: numbers, parallel, retries }, index) => {
                const ips = numbers.map((number) => `10.0.0.${number}`);
                const more = { retries, ...(parallel === undefined ? {} : { parallel }) };
                return called
                  ? callEntry("PreInit", plugin(`p${index}`, { ...more, type: "CALLED" }), ips)
                  : scriptEntry("PreInit", plugin(`p${index}`, more), ips);
              }),
            },
          ]);
          const file = join(folder, "journal.jsonl");
          const once = async (budget: number): Promise<string> => {
            left = budget;
            const real = await openJournal(file);
            const journal: Journal = {
              write: async (event) => {
                step();
                await real.write(event);
                step();
              },
              close: real.close,
            };
            try {
              return (await carryOut({ folder, plan, connections, parts: { journal, types, limit } })).result;
            } catch (error) {
              assert.ok(error instanceof Killed, String(error));
              return "killed";
            } finally {
              await real.close();
            }
          };
          const doneBefore = async (): Promise<ReadonlySet<string>> =>
            new Set(
              (await readJournal(file)).flatMap((record) =>
                record.event === "task-ended" && record.result === "done" ? [record.task] : [],
              ),
            );
          for (const kill of kills) {
            await once(kill);
            const done = await doneBefore();
            const [startsThen, callsThen] = [connections.started.length, calls.length];
            await once(kill);
            for (const line of connections.started.slice(startsThen)) {
              const [ip, name] = line.split(" ");
              assert.ok(!done.has(`PreInit/${name}/${ip}`), `${line} was done`);
            }
            for (const name of calls.slice(callsThen)) assert.ok(!done.has(`PreInit/${name}/-`), `${name} was done`);
          }
          // Each resume gets past at least one failure, so it comes to an end.
          let rounds = 0;
          while ((await once(Number.POSITIVE_INFINITY)) !== "done") assert.ok(++rounds < 60);
          for (const [index, { called, hosts: numbers, fails }] of wanted.entries()) {
            if (called) assert.ok(calls.includes(`p${index}`));
            else
              for (const number of numbers) {
                const starts = connections.started.filter((line) => line === `10.0.0.${number} p${index}`).length;
                assert.equal(starts, fails + 1);
              }
          }
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 60 },
  );
});

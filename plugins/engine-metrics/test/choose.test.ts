import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { chooseMetrics } from "../metrics/choose.ts";
import { Collector, type CollectorOptions } from "../metrics/collector.ts";
import { readAddress, serveMetrics } from "../metrics/server.ts";

const all = { prefix: "", keep: ["*"], drop: [] };
const text = `# HELP actions_seconds How long
# TYPE actions_seconds histogram
actions_seconds_bucket{action="a}b \\" c",le="0.5"} 3
actions_seconds_bucket{le="+Inf"} 4
actions_seconds_sum 1.5e-05
actions_seconds_count 4
# TYPE cpus gauge
cpus 2 1700000000000

plain NaN
`;

test("names get a prefix, comments and parts of histograms too", () => {
  const renamed = chooseMetrics(text, { ...all, prefix: "n_" });
  assert.match(renamed, /^# TYPE n_actions_seconds histogram\nn_actions_seconds_bucket\{action="a\}b \\" c",le="0.5"\} 3$/m);
  assert.match(renamed, /^n_cpus 2 1700000000000\nn_plain NaN$/m);
  assert.equal(renamed.split("\n").filter((line) => line !== "" && !/^(# (HELP|TYPE) )?n_/.test(line)).length, 0);
});

test("what is kept and dropped goes by the metric's own name", () => {
  assert.equal(chooseMetrics(text, { ...all, keep: ["cpus", "plain"] }), "# TYPE cpus gauge\ncpus 2 1700000000000\nplain NaN\n");
  assert.doesNotMatch(chooseMetrics(text, { ...all, drop: ["actions_*"] }), /actions/);
  assert.match(chooseMetrics(text, { ...all, keep: ["actions_seconds"] }), /_bucket.*_sum.*_count/s);
});

test("what is no metric is an error, not a metric", () => {
  for (const wrong of ["<html>", "a{b 1", "a", "1a 2", "a b c d"])
    assert.throws(() => chooseMetrics(`${wrong}\n`, all), /something else than metrics/, wrong);
});

test("without prefix and choice every sample stays as it is", async () => {
  const line = fc.tuple(fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,20}$/), fc.double()).map(([name, value]) => `${name} ${value}`);
  await fc.assert(
    fc.property(fc.array(line), (lines) => assert.equal(chooseMetrics(lines.join("\n"), all), lines.map((each) => `${each}\n`).join(""))),
  );
});

function collector(options: Partial<CollectorOptions>): Collector {
  return new Collector({ ...all, timeout: 1000, maxAge: 60_000, failed: () => undefined, scrape: async () => "cpus 2\n", ...options });
}

function sampleOf(metrics: string, name: string): number {
  return Number(new RegExp(`^engine_metrics_${name} (.*)$`, "m").exec(metrics)?.[1]);
}

test("while the engine gives none, the last good metrics stay for a while, and `up` says so", async () => {
  let works = true;
  const failures: unknown[] = [];
  const scrape = async (): Promise<string> => {
    if (works) return "cpus 2\n";
    throw new RangeError("away");
  };
  const own = collector({ scrape, maxAge: 200, failed: (error) => failures.push(error) });
  assert.equal(sampleOf(await own.metrics(), "up"), 1);
  works = false;
  const stale = await own.metrics();
  assert.match(stale, /^cpus 2$/m);
  assert.equal(sampleOf(stale, "up"), 0);
  await own.metrics();
  assert.equal(failures.length, 1);
  await sleep(250);
  const old = await own.metrics();
  assert.doesNotMatch(old, /^cpus/m);
  assert.deepEqual([sampleOf(old, "scrapes_total"), sampleOf(old, "scrape_failures_total")], [4, 3]);
  works = true;
  assert.match(await own.metrics(), /^cpus 2$/m);
});

test("an engine that hangs is given up, and asked once for all who ask at one time", async () => {
  let asked = 0;
  const scrape = (signal: AbortSignal): Promise<string> => {
    asked += 1;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const own = collector({ scrape, timeout: 50 });
  const answers = await Promise.all([own.metrics(), own.metrics(), own.metrics()]);
  assert.equal(asked, 1);
  assert.ok(answers.every((each) => sampleOf(each, "up") === 0));
});

test("only GET /metrics is answered with metrics", async (context) => {
  const server = await serveMetrics({ host: "127.0.0.1", port: 0 }, async () => "cpus 2\n");
  context.after(() => void server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const good = await fetch(`${url}/metrics?x=1`);
  assert.deepEqual(
    [good.status, good.headers.get("content-type"), await good.text()],
    [200, "text/plain; version=0.0.4; charset=utf-8", "cpus 2\n"],
  );
  assert.deepEqual([(await fetch(url)).status, (await fetch(`${url}/metrics`, { method: "POST" })).status], [404, 405]);
});

test("addresses are HOST:PORT", () => {
  assert.deepEqual(readAddress("[::1]:80"), { host: "::1", port: 80 });
  for (const wrong of ["", "9324", "::1:80", "host:", "host:99999", "[::1]"])
    assert.throws(() => readAddress(wrong), /expected is HOST:PORT/, wrong);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withEngine } from "../../../scripts/engine-objects.ts";
import { type Example, exampleCopy } from "../../../tests/support/example.ts";
import { type Sandbox, sandbox } from "../../../tests/support/sandbox.ts";

async function request(example: Example, path: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${example.port}/${path}`);
  await answer.text();
}

/** The sink's lines that hold `mark`, once there are `count` different ones or 60 s have passed. */
async function arrived(box: Sandbox, example: Example, mark: string, count: number): Promise<readonly string[]> {
  let lines: readonly string[] = [];
  for (let tries = 0; tries < 120; tries += 1) {
    const { stdout } = await box.run("logs", `${example.application}/sink`, "-c", "sink");
    lines = [...new Set(stdout.split("\n").filter((line) => line.includes(mark)))];
    if (lines.length >= count) return lines;
    await sleep(500);
  }
  return lines;
}

test("log-collector ships every line with its facts, loses none while the sink is away, and takes a new format", {
  timeout: 300_000,
}, async (context) => {
  const box = sandbox(context);
  const example = await exampleCopy(box);
  const up = await box.run("up", "-f", example.file);
  assert.equal(up.code, 0, up.stdout + up.stderr);

  await request(example, "first");
  const [line = ""] = await arrived(box, example, "/first", 1);
  assert.match(line, new RegExp(`pod="${example.application}-web" node="[^"]+" ip="[0-9.]+"\\].*"GET /first HTTP/1.1" 200`));

  const name = `outrigger.default.${example.application}.sink.sink`;
  for (let number = 0; number < 30; number += 1) {
    if (number % 10 === 5) await withEngine((client) => client.call("POST", `/containers/${name}/stop`, { query: { t: 5 } }));
    await request(example, `away-${number}-end`);
  }
  const shipped = await arrived(box, example, "/away-", 30);
  const missing = Array.from({ length: 30 }, (_, number) => `/away-${number}-end`).filter(
    (path) => !shipped.some((each) => each.includes(path)),
  );
  assert.deepEqual(missing, []);

  const configured = await box.run(
    "configure",
    `${example.application}/web`,
    "log-collector",
    "--set",
    "sink.FORMAT=json",
    "--set",
    "sink.TAGS=pod,file",
  );
  assert.equal(configured.code, 0, configured.stderr);
  await sleep(3000);
  await request(example, "as-json");
  const [json = ""] = await arrived(box, example, "as-json", 1);
  const parsed = JSON.parse(json.slice(json.indexOf("{"))) as Readonly<Record<string, string>>;
  assert.equal(parsed["pod"], `${example.application}-web`);
  assert.equal(parsed["file"], "/var/log/nginx/access.log");
  assert.match(parsed["line"] ?? "", /"GET \/as-json HTTP\/1\.1" 200/);
});

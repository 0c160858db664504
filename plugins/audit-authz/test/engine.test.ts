import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { engineForDrivers, shell, startDriver } from "../../../tests/support/driver-plugin.ts";
import { root } from "../../../tests/support/sandbox.ts";

test("a stock engine refuses what the README's rules do not allow, and the trail says so", { timeout: 120_000 }, async (context) => {
  const engine = await engineForDrivers(context);
  const driver = await startDriver(context, "audit-authz", {
    engine,
    env: (folder) => ({ CONFIG: folder, AUDIT: folder, AUDIT_FIELDS: "Image" }),
  });
  const readme = readFileSync(join(root, "plugins", "audit-authz", "README.md"), "utf8");
  const [, rules = ""] = /```yaml\n(.*?)```/s.exec(readme) ?? [];
  // A client at the socket has no name.
  writeFileSync(join(driver.folder, "audit-authz.yaml"), rules.replace("[dev-*]", '["*"]'));
  writeFileSync(join(engine.folder, "daemon.json"), JSON.stringify({ "authorization-plugins": ["audit-authz"] }));
  process.kill(Number(readFileSync(engine.pidFile, "utf8")), "SIGHUP");
  const docker = (words: string): ReturnType<typeof shell> => shell(`docker ${words}`, { DOCKER_HOST: engine.host });
  for (let tries = 0; tries < 100 && !(await docker("swarm leave")).stderr.includes("audit-authz"); tries += 1);
  assert.match((await docker("swarm leave")).stderr, /authorization denied by plugin audit-authz: no-swarm: This engine is in no swarm\./);
  assert.equal((await docker("run --rm --network none debian:bookworm-slim echo hello")).stdout, "hello\n");
  const privileged = await docker("create --privileged debian:bookworm-slim true");
  assert.match(privileged.stderr, /developers: privileged is not allowed/);
  const large = `HUGE=${"x".repeat(100_000)}`;
  const hidden = await docker(`create --privileged -e ${large} debian:bookworm-slim true`);
  assert.match(hidden.stderr, /privileged is not allowed/);
  const trail = readFileSync(join(driver.folder, "audit.jsonl"), "utf8");
  assert.doesNotMatch(trail, /HUGE/);
  const lines = trail
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  assert.ok(lines.some(({ event, status, path }) => event === "answer" && status === 201 && path === "/containers/create"));
  assert.ok(
    lines.some(({ decision, rule, fields }) => decision === "deny" && rule === "developers" && JSON.stringify(fields).includes("debian")),
  );
});

test("a body larger than the engine shows can't hide what it asks for", { timeout: 120_000 }, async (context) => {
  const engine = await engineForDrivers(context);
  const driver = await startDriver(context, "audit-authz", { engine, env: (folder) => ({ CONFIG: folder, AUDIT: folder }) });
  writeFileSync(join(driver.folder, "audit-authz.yaml"), "rules: [{ name: limited, allow: {} }]\n");
  writeFileSync(join(engine.folder, "daemon.json"), JSON.stringify({ "authorization-plugins": ["audit-authz"] }));
  process.kill(Number(readFileSync(engine.pidFile, "utf8")), "SIGHUP");
  const body = join(driver.folder, "body.json");
  const hidden = { Image: "debian:bookworm-slim", HostConfig: { Privileged: true }, Labels: { large: "x".repeat(5 * 1024 ** 2) } };
  writeFileSync(body, JSON.stringify(hidden));
  const socket = engine.host.replace("unix://", "");
  const post = `curl -s --unix-socket ${socket} -H 'Content-Type: application/json' --data-binary @${body} http://d/v1.41/containers/create`;
  let { stdout } = await shell(post);
  // Until the engine has read its configuration again, it carries the request out.
  for (let tries = 0; tries < 100 && !stdout.includes("audit-authz"); tries += 1) ({ stdout } = await shell(post));
  assert.match(stdout, /authorization denied by plugin audit-authz: limited: its body is not shown/);
});

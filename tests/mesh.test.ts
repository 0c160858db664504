import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { InstallationResource } from "@outrigger/server";
import { engineObjects } from "../scripts/engine-objects.ts";
import { exampleCopy } from "./support/example.ts";
import { tinyImage } from "./support/images.ts";
import { execute, type Sandbox, sandbox } from "./support/sandbox.ts";
import { askEach, headerOf, steadily } from "./support/traffic.ts";

/** Adds a plug-in that asks for its settings, and a component from which the test can look at the application's own network. */
async function withMore(file: string): Promise<void> {
  const probe = `    - { name: probe, image: "${await tinyImage()}", command: [sleep, "100000"], terminationGracePeriodSeconds: 0 }\n`;
  const text = readFileSync(file, "utf8").replace(/^ +plugins:\n/m, (line) => `${line}        - plugin: performance@1.0.0\n`);
  writeFileSync(file, `${text.trimEnd()}\n${probe}`);
}

async function outrigger(box: Sandbox, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await box.run(...words);
  assert.equal(code, 0, `outrigger ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

async function docker(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await execute("docker", words, "/");
  assert.equal(code, 0, `docker ${words.join(" ")}\n${stderr}`);
  return stdout;
}

async function until(what: string, check: () => Promise<boolean>, seconds = 20): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) if (await check()) return;
  assert.fail(`waited ${seconds} s for ${what}`);
}

test("a mesh: weights, a killed pod, a wrong value, a killed server, and plug-ins that come and go", {
  timeout: 300_000,
}, async (context) => {
  const box = sandbox(context);
  const { file, application, port } = await exampleCopy(box, "mesh");
  await withMore(file);
  const url = `http://127.0.0.1:${port}/`;
  const web = `${application}/web`;
  const pods = [`${application}-api`, `${application}-api-1`] as const;
  const weigh = (first: number, second: number): Promise<string> =>
    outrigger(box, "configure", web, "egress-gateway", "--set", `dependencies.api:5000.WEIGHTS=0=${first},1=${second}`);
  const shareOf = async (pod: string, times = 1000): Promise<number> => (((await askEach(url, times)).get(pod) ?? 0) * 100) / times;
  /** Weighs, waits until the new settings show, and gives the first pod's share of 1000 requests. */
  const shareAfter = async (first: number): Promise<number> => {
    await weigh(first, 100 - first);
    await until("the revision to be in the pod", settled);
    // The gateway's next worker takes over a moment later, and those of former settings end with their connections' next answers.
    await until("the traffic to move", async () => Math.abs((await shareOf(pods[0], 100)) - first) <= 15);
    return shareOf(pods[0]);
  };
  const has = async (name: string, way: "file" | "discovery"): Promise<boolean> => {
    const all = JSON.parse(await outrigger(box, "get", "installations", web, "-o", "json")) as readonly InstallationResource[];
    const own = all.find(({ plugin }) => plugin === name);
    return own?.settings.length === 1 && own.settings[0]?.revision === own.revision && own.settings[0]?.by === way;
  };
  const settled = (): Promise<boolean> => has("egress-gateway", "file");
  await outrigger(box, "server", "--detach", "--port", "0");
  await outrigger(box, "team", "allow", "default", "capability:NET_RAW");
  await outrigger(box, "up", "-f", file);

  await context.test("a live change of weights moves the traffic, and restarts nothing", async () => {
    const before = await docker("ps", "-q", "--no-trunc", "--filter", `name=outrigger.default.${application}.`);
    const plan = await outrigger(box, "configure", web, "egress-gateway", "--set", "dependencies.api:5000.WEIGHTS=0=80,1=20", "--dry-run");
    assert.match(plan, /changed while it runs/);
    for (const share of [80, 25]) {
      const found = await shareAfter(share);
      assert.ok(Math.abs(found - share) <= 5, `${found} % instead of ${share} %`);
    }
    assert.equal(await docker("ps", "-q", "--no-trunc", "--filter", `name=outrigger.default.${application}.`), before);
  });

  await context.test("a wrong value is refused with its reason, and what runs stays", async () => {
    const { code, stderr } = await box.run("configure", web, "egress-gateway", "--set", "dependencies.api:5000.WEIGHTS=0=80;1=x");
    assert.equal(code, 2);
    assert.match(stderr, /WEIGHTS is "0=80;1=x", which does not match/);
    assert.ok(Math.abs((await shareOf(pods[0])) - 25) <= 5);
  });

  await context.test("a killed pod is routed around, and taken back when it runs again", async (inner) => {
    await weigh(50, 50);
    await until("the revision to be in the pod", settled);
    const load = steadily(inner, url, 100);
    await sleep(300);
    await docker("kill", `outrigger.default.${application}.api_1.api`);
    await until("the pod to run again", async () =>
      /Up/.test(
        await docker("ps", "--filter", `name=api_1.api`, "--format", "{{.Names}} {{.Status}}").then(
          (text) => text.split("\n").find((line) => line.startsWith(`outrigger.default.${application}.`)) ?? "",
        ),
      ),
    );
    await sleep(3000);
    const { answers, failures } = await load.stop();
    assert.ok(answers > 100 && failures.length <= answers / 100, `${failures.length} of ${answers} requests failed: ${failures[0]}`);
    await until("both pods to answer", async () => (await askEach(url, 50)).size === 2);
  });

  await context.test("a killed server leaves the settings in place; a new one goes on from there", async () => {
    await shareAfter(90);
    const { pid } = JSON.parse(readFileSync(join(box.dataDir, "server.json"), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    assert.ok(Math.abs((await shareOf(pods[0])) - 90) <= 5);
    await outrigger(box, "server", "--detach", "--port", "0");
    assert.ok(Math.abs((await shareAfter(10)) - 10) <= 5);
    await outrigger(box, "configure", web, "performance", "--set", "ports.8080.SLOW_MS=250");
    await until("the plug-in that asks for its settings to have come back", () => has("performance", "discovery"), 40);
  });

  await context.test("an ingress plug-in comes and goes under load, and callers notice nothing", async (inner) => {
    const load = steadily(inner, url, 100);
    await outrigger(box, "disable", web, "ingress-gateway");
    await until(
      "the plug-in to go",
      async () => !(await docker("ps", "--format", "{{.Names}}")).includes(`${application}.web.ingress-gateway`),
    );
    await outrigger(box, "enable", web, "ingress-gateway");
    await outrigger(box, "configure", web, "ingress-gateway", "--set", "ports.8080.HEADERS_TO_CLIENT=X-Way: gateway");
    await until("traffic to pass the plug-in", async () => (await headerOf(url, "x-way")) === "gateway");
    const { answers, failures } = await load.stop();
    assert.deepEqual(failures, [], `of ${answers}`);
    const inside = await docker("exec", `outrigger.default.${application}.probe.probe`, "wget", "-S", "-qO-", "http://web:8080/").catch(
      String,
    );
    assert.match(inside, /mesh-api/, "callers within the application keep the port they know");
  });

  await context.test("discovery answers the application's own pods, and their own tokens only", async () => {
    const variables = async (container: string): Promise<Map<string, string>> => {
      const env = JSON.parse(await docker("inspect", "--format", "{{json .Config.Env}}", container)) as string[];
      return new Map(env.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    };
    const own = await variables(`outrigger.default.${application}.web.egress-gateway`);
    const other = await variables(`outrigger.default.${application}.web.ingress-gateway`);
    const read = (token: string | undefined): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
      const header = token === undefined ? [] : ["--header", `Authorization: Bearer ${token}`];
      const words = ["exec", `outrigger.default.${application}.probe.probe`, "wget", "-qO-", ...header, own.get("DISCOVER_URL") ?? ""];
      return execute("docker", words, "/");
    };
    const right = await read(own.get("DISCOVER_TOKEN"));
    assert.equal(right.code, 0, right.stderr);
    const [service] = JSON.parse(right.stdout).base_services;
    assert.deepEqual([service.depend_service_alias, service.port, service.endpoints.length], ["api", 5000, 2]);
    assert.match((await read(other.get("DISCOVER_TOKEN"))).stderr, /403/);
    assert.match((await read(undefined)).stderr, /401/);
    await assert.rejects(fetch(own.get("DISCOVER_URL") ?? ""), "the host is no pod");
  });

  await outrigger(box, "down", "-f", file, "--volumes");
  assert.deepEqual(await engineObjects(`outrigger.default.${application}`), []);
});

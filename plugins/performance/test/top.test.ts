import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ComponentResource, TrafficResource } from "@outrigger/server";
import { until } from "../../../tests/support/container.ts";
import { tinyImage } from "../../../tests/support/images.ts";
import { type Sandbox, sandbox } from "../../../tests/support/sandbox.ts";

async function outrigger(box: Sandbox, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await box.run(...words);
  assert.equal(code, 0, `outrigger ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

interface Application {
  readonly box: Sandbox;
  readonly target: string;
  /** Of the pods. */
  readonly addresses: readonly string[];
  readonly top: () => Promise<TrafficResource>;
}

/** Two pods of a web server behind ingress-gateway, watched by performance. */
async function application(context: TestContext): Promise<Application> {
  const box = sandbox(context);
  const target = `${box.prefix}-shop/web`;
  const file = box.write(
    "app.yaml",
    `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: ${box.prefix}-shop }
spec:
  components:
    - name: web
      image: ${await tinyImage()}
      command: [sh, -c, "echo hello > /tmp/index.html && exec httpd -f -p 8080 -h /tmp"]
      ports: [{ port: 8080, protocol: http }]
      replicas: 2
      terminationGracePeriodSeconds: 0
      plugins:
        - { plugin: ingress-gateway@1.0.0 }
        - { plugin: performance@1.0.0 }
`,
  );
  const refused = await box.run("up", "-f", file);
  assert.match(refused.stderr, /capability:NET_RAW/);
  await outrigger(box, "team", "allow", "default", "capability:NET_RAW");
  await outrigger(box, "up", "-f", file);
  const { status } = JSON.parse(await outrigger(box, "describe", target, "-o", "json")) as ComponentResource;
  const addresses = status.pods.map(({ ip = "" }) => ip);
  const top = async (): Promise<TrafficResource> => JSON.parse(await outrigger(box, "top", target, "--window", "120", "-o", "json"));
  await until(
    "both pods are watched",
    async () => ((await top()).pods.every(({ problem, ports }) => problem === undefined && ports.length === 1) ? true : undefined),
    30_000,
  );
  await sleep(500);
  return { box, target, addresses, top };
}

async function ask({ addresses }: Application, path: string, each: number): Promise<void> {
  for (const address of addresses)
    for (let count = 0; count < each; count += 1) await (await fetch(`http://${address}:8080${path}`)).text();
}

function counted({ requests, routes }: TrafficResource["ports"][number]): readonly unknown[] {
  return [requests, ...routes.map((route) => [route.route, route.requests, route.errors])];
}

test("outrigger top shows what callers of two pods see behind an ingress plug-in, once each, and follows live settings", {
  timeout: 300_000,
}, async (context) => {
  const own = await application(context);
  const { box, target, top } = own;
  assert.equal(own.addresses.length, 2);
  await ask(own, "/index.html?page=1", 5);
  await ask(own, "/missing/42", 2);
  const seen = await until("14 requests are counted", async () => {
    const traffic = await top();
    return (traffic.ports[0]?.requests ?? 0) >= 14 ? traffic : undefined;
  });
  const [port] = seen.ports;
  assert.ok(port !== undefined);
  assert.deepEqual(counted(port), [14, ["GET /index.html", 10, 0], ["GET /missing/{id}", 4, 0]]);
  assert.deepEqual(port.endings, { "2xx": 10, "4xx": 4 });
  assert.deepEqual(
    seen.pods.map(({ name, ports }) => [name, ports[0]?.requests]),
    [
      [`${box.prefix}-shop-web`, 7],
      [`${box.prefix}-shop-web-1`, 7],
    ],
  );
  assert.equal(
    port.series.reduce((sum, { requests }) => sum + requests, 0),
    14,
  );

  const shown = await outrigger(box, "top", target, "--once", "--window", "120", "--port", "8080");
  assert.match(shown, /the last 120 s of 2 pods, by performance@1\.0\.0/);
  assert.match(shown, /^8080 +http +0\.1 +0\.0 % /m);
  assert.match(shown, /^GET \/index\.html +10 +0 /m);
  const wrong = await box.run("top", target, "--port", "9");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--port[\s\S]*8080/);

  await outrigger(box, "configure", target, "performance", "--set", "ports.8080.SLOW_MS=1", "--set", "ports.8080.SAMPLING=50");
  await until("both pods have the settings", async () =>
    (await top()).pods.every(({ ports }) => ports[0]?.sampling === 50 && ports[0].slowMs === 1) ? true : undefined,
  );
  await outrigger(box, "disable", target, "performance");
  const off = await box.run("top", target);
  assert.equal(off.code, 2);
  assert.match(off.stderr, /is switched off[\s\S]*outrigger enable/);
});

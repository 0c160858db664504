import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "@outrigger/pod";
import type { RuntimeOptions } from "@outrigger/runtime";
import { startServer } from "@outrigger/server";
import { idleRuntime, noImages } from "../idle-runtime.ts";

export type ServerOrder = { readonly kind: "measure" } | { readonly kind: "change" };

export interface ServerReport {
  /** Resident, in bytes. */
  readonly memory: number;
  /** When the change was asked for, in milliseconds since the epoch. */
  readonly changedAt: number;
  readonly port: number;
  readonly path: string;
  readonly token: string;
}

const port = 16_100;
const dataDir = mkdtempSync(join(tmpdir(), "outrigger-bench-"));
process.once("exit", () => void rm(dataDir, { recursive: true, force: true }));
const parts: { options?: RuntimeOptions; pod?: Pod } = {};
const server = await startServer({
  dataDir,
  port: 0,
  discoveryPorts: { http: port, xds: port + 1 },
  logLevel: "silent",
  runtime: (options) => {
    parts.options = options;
    const want = (pod: Pod): void => {
      parts.pod = pod;
    };
    return { ...idleRuntime, want };
  },
  images: { ...noImages, pull: async () => ({ image: `sha256:${"1".repeat(64)}` }) },
});

const headers = {
  authorization: `Bearer ${readFileSync(join(dataDir, "admin-token"), "utf8").trim()}`,
};
async function send(method: string, path: string, body?: object): Promise<void> {
  const json = body === undefined ? {} : { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${server.url}/api/v1/teams/default${path}`, { method, headers, ...json });
  if (!answer.ok) throw new TypeError(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

const items = [{ name: "RATE", type: "integer", default: 1 }];
await send("POST", "/plugins", {
  apiVersion: "outrigger.dev/v1",
  kind: "Plugin",
  metadata: { name: "gate", version: "1.0.0" },
  spec: {
    layer: "pod",
    pod: { type: "ingress", source: { image: "x" } },
    config: [{ group: "live", inject: "discovery", dependsOn: "port", items }],
  },
});
await send("POST", "/plugins/gate/versions/1.0.0/builds");
await sleep(500);
const web = { name: "web", image: "web:1", ports: [{ port: 80, protocol: "http" }], plugins: [{ plugin: "gate" }] };
await send("PUT", "/applications/shop", { components: [web] });
while (parts.pod === undefined) await sleep(20);
await parts.options?.onNetworks([{ team: "default", application: "shop", gateway: "127.88.0.1", subnet: "127.0.0.0/8" }]);
const variable = parts.pod.containers.flatMap(({ env }) => env).find(({ name }) => name === "DISCOVER_TOKEN");
if (variable === undefined || !("secret" in variable) || parts.options === undefined) throw new TypeError("no token");
const token = await parts.options.secret(parts.pod, variable.secret);

let rate = 1;
process.on("message", async (order: ServerOrder) => {
  let changedAt = 0;
  if (order.kind === "change") {
    rate += 1;
    changedAt = performance.timeOrigin + performance.now();
    await send("PATCH", "/applications/shop/components/web/installations/gate", { values: { live: { 80: { RATE: rate } } } });
  } else await sleep(2000);
  const report: ServerReport = { memory: process.memoryUsage.rss(), changedAt, port, path: "/v1/resources/default.shop/web/gate", token };
  process.send?.(report);
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@outrigger/server";
import { idleRuntime, noImages } from "./idle-runtime.ts";
import type { Measurement } from "./measurement.ts";
import { steadyLoad } from "./steady-load.ts";

const applications = 1000;
const componentsEach = 10;

/** Lists and reads over HTTP with 10,000 components in SQLite, at 500 requests a second for 10 s each. Pods are left out: their engine would be what is measured. */
export async function benchApi(): Promise<readonly Measurement[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "outrigger-bench-"));
  const server = await startServer({
    dataDir,
    host: "127.0.0.1",
    port: 0,
    runtime: () => idleRuntime,
    images: noImages,
    logLevel: "silent",
  });
  try {
    const authorization = `Bearer ${readFileSync(join(dataDir, "admin-token"), "utf8").trim()}`;
    await fill(server.url, authorization);
    const base = `${server.url}/api/v1/teams/default/applications`;
    const reads = [
      ["list 100 of 1,000 applications", base],
      ["list an application's 10 components", `${base}/app-500/components`],
      ["read one of 10,000 components", `${base}/app-777/components/part-7`],
    ] as const;
    const measured: Measurement[] = [];
    for (const [name, url] of reads) {
      const { p50, p99, refused } = await steadyLoad({ url, headers: { authorization }, rate: 500, seconds: 10 });
      if (refused > 0) throw new TypeError(`${name}: ${refused} requests were refused`);
      measured.push({ name: `${name}, p99 at 500 requests/s (p50 ${p50} ms)`, value: p99, unit: "ms", goal: "below 20" });
    }
    return measured;
  } finally {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function fill(url: string, authorization: string): Promise<void> {
  for (let number = 0; number < applications; number += 1) {
    const components = Array.from({ length: componentsEach }, (_, part) => ({
      name: `part-${part}`,
      image: "example/part:1",
      env: { LEVEL: "info" },
      ports: [{ port: 8080, protocol: "http" }],
      volumes: [{ name: "data", path: "/data" }],
    }));
    const answer = await fetch(`${url}/api/v1/teams/default/applications/app-${number}`, {
      method: "PUT",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ components }),
    });
    if (!answer.ok) throw new TypeError(`filling the store: ${answer.status} ${await answer.text()}`);
  }
}

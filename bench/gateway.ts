import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ComponentResource } from "@outrigger/server";
import type { Measurement } from "./measurement.ts";
import { steadyLoad } from "./steady-load.ts";

const root = join(import.meta.dirname, "..");
const rounds = 7;
const handMade = "outrigger-bench-gateway";

interface Run {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
}

/**
 * An nginx asked directly, behind ingress-gateway, and behind the same HAProxy (same image) that someone configured by hand to do the same: `wrk` with 32 connections,
 * rounds alternating, medians. Then a rate limit changed under a steady 200 requests a second: how many fail, and how soon it counts.
 */
export async function benchGateway(): Promise<readonly Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-bench-"));
  const env = { ...process.env, OUTRIGGER_DATA_DIR: join(folder, "data"), NO_COLOR: "1" };
  const outrigger = (...words: string[]): string => execFileSync(join(root, "outrigger"), words, { env, encoding: "utf8" });
  const file = join(folder, "app.yaml");
  cpSync(join(root, "examples", "mesh", "api"), join(folder, "api"), { recursive: true });
  writeFileSync(file, appFile());
  try {
    outrigger("up", "-f", file);
    const components = JSON.parse(outrigger("get", "components", "gateway-bench", "-o", "json")) as readonly ComponentResource[];
    const urlOf = (name: string, port = 5000): string =>
      `http://${components.find((each) => each.name === name)?.status.pods[0]?.ip ?? ""}:${port}/`;
    startByHand(folder);
    await sleep(1000);
    const runs = { direct: [] as Run[], gated: [] as Run[], byHand: [] as Run[] };
    for (let round = 0; round < rounds; round += 1) {
      runs.direct.push(wrk(urlOf("plain")));
      runs.gated.push(wrk(urlOf("gated")));
      runs.byHand.push(wrk(urlOf("plain", 65301)));
    }
    const change = await changeUnderLoad(urlOf("gated"), join(folder, "data"));
    return [...throughput(runs), ...change];
  } finally {
    spawnSync("docker", ["rm", "-f", handMade], { stdio: "ignore" });
    spawnSync(join(root, "outrigger"), ["down", "gateway-bench", "--volumes"], { env, stdio: "ignore" });
    spawnSync(join(root, "outrigger"), ["plugin", "delete", "ingress-gateway"], { env, stdio: "ignore" });
    spawnSync(join(root, "outrigger"), ["server", "--stop"], { env, stdio: "ignore" });
    rmSync(folder, { recursive: true, force: true });
  }
}

function throughput({ direct, gated, byHand }: Readonly<Record<"direct" | "gated" | "byHand", readonly Run[]>>): readonly Measurement[] {
  const rate = (runs: readonly Run[]): number => Math.round(median(runs.map(({ perSecond }) => perSecond)));
  const late = (runs: readonly Run[]): number => Math.round(median(runs.map(({ p99 }) => p99)) * 100) / 100;
  const peer = { name: "HAProxy configured by hand", value: rate(byHand) };
  return [
    { name: "an app behind ingress-gateway", value: rate(gated), unit: "requests/s", peer, goal: "ratio at least 0.95" },
    {
      name: "an app behind ingress-gateway",
      value: rate(gated),
      unit: "requests/s",
      peer: { name: "the app asked directly", value: rate(direct) },
      goal: "none",
    },
    {
      name: "an app behind ingress-gateway, p99",
      value: late(gated),
      unit: "ms",
      peer: { name: "HAProxy configured by hand", value: late(byHand) },
      goal: "none",
    },
  ];
}

function appFile(): string {
  const build = "build: { context: ./api }";
  const rest = "ports: [{ port: 5000, protocol: http }], readiness: { httpGet: { port: 5000, path: /healthz }, periodSeconds: 1 }";
  return `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: gateway-bench }
spec:
  components:
    - { name: plain, ${build}, ${rest} }
    - { name: gated, ${build}, ${rest}, plugins: [{ plugin: ingress-gateway@1.0.0 }] }
`;
}

/** In the plain app's own network, as the plug-in is in the other's. */
function startByHand(folder: string): void {
  const config = join(folder, "haproxy.cfg");
  writeFileSync(
    config,
    `global
  nbthread 2
  maxconn 2000
defaults
  mode http
  timeout connect 1s
  timeout client 1m
  timeout server 1m
frontend app
  bind :65301
  option forwardfor
  default_backend app
backend app
  server app 127.0.0.1:5000
`,
    { mode: 0o644 },
  );
  const network = "container:outrigger.default.gateway-bench.plain";
  const mount = `${config}:/etc/gateway/haproxy.cfg:ro`;
  execFileSync("docker", [
    "run",
    "-d",
    "--rm",
    "--name",
    handMade,
    "--network",
    network,
    "-v",
    mount,
    "outrigger.local/default/ingress-gateway:1.0.0",
  ]);
}

function wrk(url: string): Run {
  const text = execFileSync("wrk", ["-t1", "-c32", "-d4s", "--latency", url], { encoding: "utf8" });
  if (text.includes("Non-2xx")) throw new TypeError(`${url} refuses: ${text}`);
  const [, number = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  const factor = unit === "us" ? 0.001 : unit === "s" ? 1000 : 1;
  return { perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]), p99: Number(number) * factor };
}

/** Five changes that still let 200 requests a second through; then one that does not. */
async function changeUnderLoad(url: string, dataDir: string): Promise<readonly Measurement[]> {
  const server = (JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { readonly url: string }).url;
  const authorization = `Bearer ${readFileSync(join(dataDir, "admin-token"), "utf8").trim()}`;
  const limit = async (rate: number): Promise<void> => {
    const answer = await fetch(`${server}/api/v1/teams/default/applications/gateway-bench/components/gated/installations/ingress-gateway`, {
      method: "PATCH",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ values: { ports: { 5000: { RATE_LIMIT: rate, RATE_PERIOD: 1 } } } }),
    });
    if (!answer.ok) throw new TypeError(await answer.text());
  };
  const load = steadyLoad({ url, headers: {}, rate: 200, seconds: 12 });
  for (const rate of [1000, 900, 800, 700, 600]) {
    await sleep(2000);
    await limit(rate);
  }
  const { refused } = await load;
  const second = steadyLoad({ url, headers: {}, rate: 200, seconds: 4 });
  await sleep(1500);
  const asked = performance.now();
  const limited = limit(50);
  while ((await statusOf(url)) !== 429 && performance.now() - asked < 5000) await sleep(5);
  const took = Math.round(performance.now() - asked);
  await limited;
  await second;
  return [
    { name: "requests of 2,400 that fail while a rate limit changes 5 times", value: refused, unit: "requests", goal: "0" },
    { name: "a rate limit from the API's request until it refuses", value: took, unit: "ms", goal: "below 500" },
  ];
}

function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => void response.resume().once("end", () => resolve(response.statusCode ?? 0))).once(
      "error",
      reject,
    );
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

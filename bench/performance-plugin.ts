import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { discoveryServer } from "../plugins/performance/test/discovery-server.ts";
import type { Measurement } from "./measurement.ts";
import { steadyLoad } from "./steady-load.ts";

const folder = join(import.meta.dirname, "..", "plugins", "performance");
const [image, name] = ["outrigger-bench/performance:1", "outrigger-bench-performance"];
const rounds = 5;
const seconds = 5;

interface Run {
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
  /** At a load that leaves the machine room, in milliseconds. */
  readonly steady: number;
}

/**
 * An HTTP app that does next to nothing, with the performance plug-in beside it and without, rounds alternating: throughput and p99 under wrk (32
 * connections, as fast as it goes, so that app, load and plug-in fight for the processors), and p99 at a steady 1,000 requests/s. Needs Debian's wrk.
 */
export async function benchPerformancePlugin(): Promise<readonly Measurement[]> {
  docker("build", "--quiet", "--network", process.env["OUTRIGGER_BUILD_NETWORK"] ?? "default", "--tag", image, folder);
  docker("network", "create", name);
  const discovery = await discoveryServer({
    base_ports: [{ origin_port: 8080, protocol: "http", options: { ENABLED: "true", SAMPLING: "100", SLOW_MS: "500" } }],
    base_services: [],
    base_normal: { options: {} },
  });
  const figures = { with: [] as Run[], without: [] as Run[] };
  try {
    const gateway = docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name);
    const script = 'require("node:http").createServer((request, response) => response.end("x".repeat(1000))).listen(8080)';
    docker("run", "--detach", "--name", name, "--network", name, "--entrypoint=node", image, "-e", script);
    const address = docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name);
    const confined = ["--user=0", "--read-only", "--cap-drop=ALL", "--cap-add=NET_RAW", "--cap-add=SETGID", "--memory=160m", "--cpus=0.5"];
    docker(
      "create",
      "--name",
      `${name}-agent`,
      "--network",
      `container:${name}`,
      ...confined,
      "--env",
      `DISCOVER_URL=http://${gateway}:${discovery.port}/`,
      image,
    );
    await sleep(1000);
    await measure(address);
    for (let round = 0; round < rounds; round += 1) {
      figures.without.push(await measure(address));
      docker("start", `${name}-agent`);
      await sleep(1500);
      figures.with.push(await measure(address));
      docker("stop", `${name}-agent`);
    }
  } finally {
    for (const container of [`${name}-agent`, name]) spawnSync("docker", ["rm", "--force", container], { stdio: "ignore" });
    spawnSync("docker", ["network", "rm", name], { stdio: "ignore" });
    await discovery.kill();
  }
  const both = (what: keyof Run): { readonly value: number; readonly peer: { readonly name: string; readonly value: number } } => ({
    value: median(figures.with.map((run) => run[what])),
    peer: { name: "without", value: median(figures.without.map((run) => run[what])) },
  });
  return [
    {
      name: "an app with the performance plug-in, throughput",
      unit: "requests/s",
      goal: "none: the worst case",
      ...both("rate"),
    },
    { name: "an app with the performance plug-in, p99 at full load", unit: "ms", goal: "none: the worst case", ...both("p99") },
    { name: "an app with the performance plug-in, p99 at 1,000 requests/s", unit: "ms", goal: "ratio at most 1.2", ...both("steady") },
  ];
}

function docker(...words: string[]): string {
  return execFileSync("docker", words, {
    encoding: "utf8",
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

async function measure(address: string): Promise<Run> {
  const url = `http://${address}:8080/users/1`;
  const said = execFileSync("wrk", ["-t1", "-c32", `-d${seconds}`, "--latency", url], { encoding: "utf8" });
  const [, amount, unit] = /99%\s+([0-9.]+)(us|ms|s)/.exec(said) ?? [];
  const factor = unit === "us" ? 0.001 : unit === "s" ? 1000 : 1;
  const { p99 } = await steadyLoad({ url, headers: {}, rate: 1000, seconds });
  return {
    rate: Math.round(Number(/Requests\/sec:\s+([0-9.]+)/.exec(said)?.[1])),
    p99: Math.round(Number(amount) * factor * 100) / 100,
    steady: Math.round(p99 * 100) / 100,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

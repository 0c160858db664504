import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Measurement } from "./measurement.ts";

const root = join(import.meta.dirname, "..");
const rounds = 9;

/** The example's containers brought up and down by `outrigger` and by docker-compose, as it is installed, everything built before, rounds alternating. Wall time until the web answers. */
export async function benchPods(): Promise<readonly Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-bench-"));
  const app = join(root, "examples", "log-collection", "app.yaml");
  const env = { ...process.env, OUTRIGGER_DATA_DIR: join(folder, "data") };
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "ignore" });
  const outrigger = (...words: string[]): void =>
    run(process.execPath, [join(root, "dist", "packages", "cli", "lib", "main.js"), ...words], env);
  const file = join(folder, "docker-compose.yml");
  writeFileSync(file, composeFile());
  const compose = (...words: string[]): void => run("docker-compose", ["-p", "outriggerbench", "-f", file, ...words], process.env);
  const times = { ourUp: [] as number[], ourDown: [] as number[], theirUp: [] as number[], theirDown: [] as number[] };
  try {
    outrigger("up", "-f", app);
    outrigger("down", "-f", app);
    compose("build", "--quiet");
    for (let round = 0; round < rounds; round += 1) {
      times.ourUp.push(await timed(() => outrigger("up", "-f", app), 18080));
      times.ourDown.push(await timed(() => outrigger("down", "-f", app)));
      times.theirUp.push(await timed(() => compose("up", "-d"), 18081));
      times.theirDown.push(await timed(() => compose("down")));
    }
  } finally {
    spawnSync("docker-compose", ["-p", "outriggerbench", "-f", file, "down", "-v", "--rmi", "local"], { stdio: "ignore" });
    spawnSync(join(root, "outrigger"), ["up", "-f", app], { env, stdio: "ignore" });
    spawnSync(join(root, "outrigger"), ["down", "-f", app, "--volumes"], { env, stdio: "ignore" });
    spawnSync(join(root, "outrigger"), ["server", "--stop"], { env, stdio: "ignore" });
    rmSync(folder, { recursive: true, force: true });
  }
  const goal = "ratio at most 0.8";
  return [
    {
      name: "the example up",
      value: median(times.ourUp),
      unit: "ms",
      peer: { name: "docker-compose", value: median(times.theirUp) },
      goal,
    },
    {
      name: "the example down",
      value: median(times.ourDown),
      unit: "ms",
      peer: { name: "docker-compose", value: median(times.theirDown) },
      goal,
    },
  ];
}

function composeFile(): string {
  const build = (path: string): string =>
    `build: { context: ${JSON.stringify(join(root, path))}, network: ${process.env["OUTRIGGER_BUILD_NETWORK"] ?? "default"} }`;
  return `version: "2.4"
services:
  sink:
    ${build("examples/log-collection/sink")}
    mem_limit: 64m
    healthcheck: { test: ["CMD-SHELL", "bash -c '</dev/tcp/127.0.0.1/514'"], interval: 1s }
  wait-for:
    ${build("plugins/wait-for")}
    environment: { WAIT_FOR: "sink:514", GREETING: hello }
    depends_on: [sink]
  web:
    ${build("examples/log-collection/web")}
    mem_limit: 128m
    environment: { GREETING: hello }
    ports: ["127.0.0.1:18081:80"]
    volumes: ["logs:/var/log/nginx"]
    depends_on: [wait-for]
  log-collector:
    ${build("plugins/log-collector")}
    mem_limit: 64m
    network_mode: service:web
    environment: { GREETING: hello, LOG_FILES: /var/log/nginx/access.log, SINK_HOST: sink, SINK_PORT: "514", TAGS: "pod,node", POD_NAME: web, POD_IP: 127.0.0.1, POD_NAMESPACE: default, NODE_NAME: node }
    volumes: ["logs:/var/log/nginx:ro", "state:/var/spool/log-collector"]
    depends_on: [web]
volumes: { logs: {}, state: {} }
`;
}

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv): void {
  execFileSync(program, words, { env, stdio: ["ignore", "ignore", "inherit"] });
}

/** Milliseconds until the work is done and, where a port is given, until it answers over HTTP. */
async function timed(work: () => void, port?: number): Promise<number> {
  const start = performance.now();
  work();
  while (port !== undefined && !(await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.ok) await sleep(20);
  return Math.round(performance.now() - start);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { engineBytes } from "./engine-gateway-bytes.ts";
import type { Measurement } from "./measurement.ts";

const engine = "/var/run/docker.sock";
const rounds = 3;

interface Run {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * The gateway in its own process before the real engine. Requests: `wrk` with 16 connections on loopback, beside HAProxy with the rules of docker-socket-proxy
 * (as shipped, which closes after each answer, and with kept connections); and a sender of our own with 16 connections on unix sockets, beside the engine itself.
 * Bytes: the docker CLI through the gateway and directly. Rounds alternate; medians.
 */
export async function benchEngineGateway(): Promise<readonly Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-bench-"));
  const [shipped, kept, ours] = await Promise.all([freePort(), freePort(), freePort()]);
  const socket = join(folder, "gateway.sock");
  const children = [
    haproxy(folder, shipped, "option httpclose"),
    haproxy(folder, kept, "option http-keep-alive"),
    spawn(
      process.execPath,
      [join(import.meta.dirname, "engine-gateway-process.ts"), `unix://${engine}`, `tcp://127.0.0.1:${ours}`, `unix://${socket}`],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    ),
  ];
  try {
    await sleep(2000);
    const results: Measurement[] = [];
    for (const place of ["/_ping", "/containers/json"])
      results.push(...proxies(place, { shipped, kept, ours }), ...(await direct(place, socket)));
    return [...results, ...engineBytes(`unix://${engine}`, `unix://${socket}`)];
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function proxies(place: string, ports: Readonly<Record<"shipped" | "kept" | "ours", number>>): readonly Measurement[] {
  const runs = { shipped: [] as Run[], kept: [] as Run[], ours: [] as Run[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const who of ["shipped", "kept", "ours"] as const) runs[who].push(wrk(`http://127.0.0.1:${ports[who]}${place}`));
  }
  const rate = (who: keyof typeof runs): number => Math.round(median(runs[who].map(({ perSecond }) => perSecond)));
  const late = (who: keyof typeof runs): number => rounded(median(runs[who].map(({ p99 }) => p99)));
  const value = rate("ours");
  const name = `${place}, 16 connections on loopback`;
  return [
    {
      name,
      value,
      unit: "requests/s",
      peer: { name: "docker-socket-proxy's HAProxy as shipped", value: rate("shipped") },
      goal: "ratio at least 1.5",
    },
    { name, value, unit: "requests/s", peer: { name: "the same with kept connections", value: rate("kept") }, goal: "ratio at least 0.5" },
    { name: `${name}, p99`, value: late("ours"), unit: "ms", peer: { name: "as shipped", value: late("shipped") }, goal: "none" },
    { name: `${name}, p99`, value: late("ours"), unit: "ms", peer: { name: "with kept connections", value: late("kept") }, goal: "none" },
  ];
}

async function direct(place: string, socket: string): Promise<readonly Measurement[]> {
  const runs = { direct: [] as Run[], ours: [] as Run[], oneDirect: [] as Run[], oneOurs: [] as Run[] };
  for (let round = 0; round < rounds; round += 1) {
    runs.direct.push(await ask(engine, place, 16));
    runs.ours.push(await ask(socket, place, 16));
    runs.oneDirect.push(await ask(engine, place, 1));
    runs.oneOurs.push(await ask(socket, place, 1));
  }
  const middle = (of: readonly Run[], what: keyof Run): number => median(of.map((run) => run[what]));
  const name = `${place} on unix sockets`;
  const peer = (value: number) => ({ name: "the engine itself", value });
  return [
    {
      name: `${name}, 16 connections`,
      value: Math.round(middle(runs.ours, "perSecond")),
      unit: "requests/s",
      peer: peer(Math.round(middle(runs.direct, "perSecond"))),
      goal: "none",
    },
    {
      name: `${name}, 16 connections, p99`,
      value: rounded(middle(runs.ours, "p99")),
      unit: "ms",
      peer: peer(rounded(middle(runs.direct, "p99"))),
      goal: "none",
    },
    {
      name: `${name}, p50 added, 16 connections that are always busy`,
      value: rounded(middle(runs.ours, "p50") - middle(runs.direct, "p50")),
      unit: "ms",
      goal: "none",
    },
    {
      name: `${name}, p50 added, one connection`,
      value: rounded(middle(runs.oneOurs, "p50") - middle(runs.oneDirect, "p50")),
      unit: "ms",
      goal: "at most 0.3",
    },
  ];
}

/** As many requests as so many connections can ask one after the other in two seconds. */
async function ask(path: string, place: string, connections: number): Promise<Run> {
  const times: number[] = [];
  const request = Buffer.from(`GET ${place} HTTP/1.1\r\nHost: docker\r\n\r\n`);
  const start = performance.now();
  const end = start + 2000;
  const one = async (): Promise<void> => {
    const socket = connect(path);
    await once(socket, "connect");
    let asked = performance.now();
    let rest = "";
    await new Promise<void>((resolve) => {
      socket.on("data", (bytes: Buffer) => {
        rest += bytes.toString("latin1");
        if (!isWhole(rest)) return;
        rest = "";
        const now = performance.now();
        times.push(now - asked);
        asked = now;
        if (now < end) socket.write(request);
        else socket.end(resolve);
      });
      socket.write(request);
    });
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, one));
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond: times.length / ((performance.now() - start) / 1000), p50: at(0.5), p99: at(0.99) };
}

function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  return length === undefined ? text.endsWith("\r\n0\r\n\r\n") : text.length >= head + 4 + Number(length);
}

/** The rules of docker-socket-proxy's own configuration, with its usual switches and CONTAINERS=1. */
function haproxy(folder: string, port: number, keeping: string): ChildProcess {
  const file = join(folder, `haproxy-${port}.cfg`);
  const allowed = ["_ping", "events", "version", "containers"].map(
    (section) => `  http-request allow if { path,url_dec -m reg -i ^(/v[\\d\\.]+)?/${section} }`,
  );
  writeFileSync(
    file,
    `global
  maxconn 2000
defaults
  mode http
  ${keeping}
  timeout connect 5s
  timeout client 10m
  timeout server 10m
frontend sockets
  bind 127.0.0.1:${port}
  http-request deny unless METH_GET
${allowed.join("\n")}
  http-request deny
  default_backend engine
backend engine
  server engine unix@${engine}
`,
  );
  return spawn("haproxy", ["-f", file], { stdio: "ignore" });
}

function wrk(url: string): Run {
  const text = execFileSync("wrk", ["-t1", "-c16", "-d3s", "--latency", url], { encoding: "utf8" });
  if (text.includes("Non-2xx")) throw new TypeError(`${url} refuses: ${text}`);
  const time = (share: string): number => {
    const [, number = "", unit = ""] = new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
    return Number(number) * (unit === "us" ? 0.001 : unit === "s" ? 1000 : 1);
  };
  return { perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]), p50: time("50"), p99: time("99") };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

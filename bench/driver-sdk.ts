import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measurement } from "./measurement.ts";

const requests = 20_000;
const connections = 4;
const rounds = 5;

/** What an engine asks for around a container: Get, Mount, Get, Unmount. */
const calls = [
  ["VolumeDriver.Get", { Name: "data" }],
  ["VolumeDriver.Mount", { Name: "data", ID: "a".repeat(64) }],
  ["VolumeDriver.Get", { Name: "data" }],
  ["VolumeDriver.Unmount", { Name: "data", ID: "a".repeat(64) }],
] as const;

interface Round {
  readonly perSecond: number;
  /** Microseconds. */
  readonly p50: number;
}

/** A volume driver's requests over its socket: the SDK, and beside it the same driver on plain node:http. Rounds take turns; the median counts. */
export async function benchDriverSdk(): Promise<readonly Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-driver-"));
  const servers: { readonly socket: string; readonly child: ChildProcess; readonly found: Round[] }[] = [];
  try {
    for (const program of ["with-sdk.ts", "with-http.ts"]) {
      const socket = join(folder, `${program}.sock`);
      const child = spawn(process.execPath, [join(import.meta.dirname, "driver-sdk", program)], {
        env: { ...process.env, OUTRIGGER_DRIVER_SOCKET: socket },
        stdio: ["ignore", "pipe", "inherit"],
      });
      servers.push({ socket, child, found: [] });
      await once(child.stdout, "data");
      await run(socket, [request("VolumeDriver.Create", { Name: "data", Opts: null })], 1, 1);
    }
    for (let round = 0; round <= rounds; round += 1) {
      for (const { socket, found } of servers) {
        const measured = await run(
          socket,
          calls.map(([method, args]) => request(method, args)),
          requests,
          connections,
        );
        // The first one warms up.
        if (round > 0) found.push(measured);
      }
    }
  } finally {
    for (const { child } of servers) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
  const [sdk, http] = servers.map(({ found }) => found);
  const of = (list: readonly Round[] | undefined, key: keyof Round): number =>
    (list ?? []).map((each) => each[key]).toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? 0;
  const measurement = (name: string, key: keyof Round, unit: string, goal: string): Measurement => ({
    name,
    value: Math.round(of(sdk, key)),
    unit,
    peer: { name: "plain node:http", value: Math.round(of(http, key)) },
    goal,
  });
  return [
    measurement("volume driver", "perSecond", "requests/s", "at least 0.91 of plain"),
    measurement("volume driver, p50", "p50", "µs", "within 1.1 x of plain"),
  ];
}

function request(method: string, args: object): Buffer {
  const body = `${JSON.stringify(args)}\n`;
  return Buffer.from(
    `POST /${method} HTTP/1.1\r\nHost: \r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: ${body.length}\r\nAccept: application/vnd.docker.plugins.v1.2+json\r\n\r\n${body}`,
  );
}

async function run(socket: string, requests: readonly Buffer[], count: number, width: number): Promise<Round> {
  const times: number[] = [];
  const begin = process.hrtime.bigint();
  await Promise.all(Array.from({ length: width }, () => oneConnection(socket, requests, Math.ceil(count / width), times)));
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  times.sort((one, other) => one - other);
  return { perSecond: times.length / seconds, p50: (times[Math.floor(times.length / 2)] ?? 0) / 1000 };
}

/** One request after the other; an answer comes in one piece, being short. */
async function oneConnection(socket: string, requests: readonly Buffer[], count: number, times: number[]): Promise<void> {
  const connection = connect(socket);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let at = 0n;
  const next = (): void => {
    if (sent === count) return void connection.end(resolve);
    at = process.hrtime.bigint();
    connection.write(requests[sent % requests.length] ?? "");
    sent += 1;
  };
  connection.on("connect", next);
  connection.on("data", (piece: Buffer) => {
    if (!piece.includes("HTTP/1.1 200")) return reject(new TypeError(piece.toString()));
    times.push(Number(process.hrtime.bigint() - at));
    next();
  });
  connection.on("error", reject);
  await promise;
}

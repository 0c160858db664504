import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Measurement } from "./measurement.ts";
import type { ClientOrder, ClientReport } from "./watchers/clients.ts";
import type { ServerOrder, ServerReport } from "./watchers/server.ts";

const watchers = 10_000;
const pollSeconds = 5;

/**
 * A change of one value by the API, until each of 10,000 plug-ins has it: connected and waiting (long poll), beside the same plug-ins asking every 5 s, as
 * the original's do. Server and plug-ins are processes of their own; the plug-ins come from 50 loopback addresses. Times are from the change's request
 * to the last byte of each answer.
 */
export async function benchWatchers(): Promise<readonly Measurement[]> {
  const server = fork(join(import.meta.dirname, "watchers", "server.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const clients = fork(join(import.meta.dirname, "watchers", "clients.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const tell = async (order: ServerOrder): Promise<ServerReport> => ask(server, order);
  const drive = async (order: ClientOrder): Promise<ClientReport> => ask(clients, order);
  try {
    const { memory: before, port, path, token } = await tell({ kind: "measure" });
    await drive({ kind: "connect", watchers, port, path, token });
    const { memory: after } = await tell({ kind: "measure" });
    const watching = await change(tell, drive);
    await drive({ kind: "poll", seconds: pollSeconds });
    const polling = await change(tell, drive);
    const took = (name: string, share: "p50" | "p99" | "last", goal: string): Measurement => ({
      name: `a change to ${watchers} watchers, ${name}`,
      value: Math.round(watching[share]),
      unit: "ms",
      peer: { name: `polling every ${pollSeconds} s`, value: Math.round(polling[share]) },
      goal,
    });
    return [
      took("p50", "p50", "none"),
      took("p99", "p99", "below 1000"),
      took("the last", "last", "none"),
      { name: "memory for each idle watcher", value: Math.round((after - before) / watchers / 100) / 10, unit: "kB", goal: "below 20" },
    ];
  } finally {
    server.kill();
    clients.kill();
  }
}

type Tell = (order: ServerOrder) => Promise<ServerReport>;
type Drive = (order: ClientOrder) => Promise<ClientReport>;

async function change(tell: Tell, drive: Drive): Promise<{ readonly p50: number; readonly p99: number; readonly last: number }> {
  const arrivals = drive({ kind: "await-change" });
  const { changedAt } = await tell({ kind: "change" });
  const times = (await arrivals).times.map((time) => time - changedAt).toSorted((a, b) => a - b);
  if (times.length !== watchers) throw new TypeError(`${times.length} of ${watchers} plug-ins have the change`);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), last: at(1) };
}

async function ask<Order, Report>(child: ChildProcess, order: Order): Promise<Report> {
  child.send(order as object);
  const ended = once(child, "exit").then(([code]) => Promise.reject(new TypeError(`a process of the benchmark ended with ${code}`)));
  ended.catch(() => {});
  const [report] = await Promise.race([once(child, "message"), ended]);
  return report as Report;
}

import { request } from "node:http";
import type { Reload } from "@outrigger/plugin";
import { execIn } from "../client/exec.ts";
import { hasCode, reasonOf } from "../client/refusal.ts";
import type { ProbeTarget } from "../health/probes.ts";

// One that takes longer hangs.
const patience = 30_000;

/** Tells a process that its files have changed; gives why it could not be told. @throws engine-unreachable */
export async function tellProcess({ signal, http, exec }: Reload, target: Omit<ProbeTarget, "isMoving">): Promise<string | undefined> {
  const within = AbortSignal.timeout(patience);
  try {
    if (signal !== undefined) {
      await target.client.call("POST", `/containers/${target.id}/kill`, { query: { signal } });
      return undefined;
    }
    if (http !== undefined) return await call(http, target, within);
    const { exitCode, lines } = await execIn(target.client, target.id, exec ?? [], { signal: within, keep: 5 });
    return exitCode === 0 ? undefined : ["reload", `${exec?.[0] ?? ""} ended with ${exitCode ?? "no exit code"}`, ...lines].join(": ");
  } catch (error) {
    if (hasCode(error, "engine-unreachable")) throw error;
    return `reload: ${within.aborted ? `no answer within ${patience / 1000} s` : reasonOf(error)}`;
  }
}

function call(
  { port, path, method }: NonNullable<Reload["http"]>,
  target: Omit<ProbeTarget, "isMoving">,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${target.address}:${port}`, "content-length": 0, "user-agent": "outrigger-reload" };
    const options = { host: target.address, port: target.portOf(port), path, method, signal, agent: false, headers };
    const outgoing = request(options, (response) => {
      response.destroy();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300 ? undefined : `reload: ${method} ${path} on port ${port} answered ${status}`);
    });
    outgoing.once("error", reject).end();
  });
}

import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { Probe } from "@outrigger/plugin";
import type { DockerClient } from "../client/client.ts";
import { execIn } from "../client/exec.ts";
import { reasonOf } from "../client/refusal.ts";

/** What is probed: a container, and the address of its pod. */
export interface ProbeTarget {
  readonly client: DockerClient;
  readonly id: string;
  readonly address: string;
  /** Where this machine reaches a port of the pod itself, though a plug-in may have taken it over. */
  readonly portOf: (port: number) => number;
  /** True while that changes: a failure says nothing then. */
  readonly isMoving: () => boolean;
}

/** Tries a probe once, within its timeout; gives why it failed, or undefined when all is well. Never throws. */
export async function tryProbe(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(probe.timeoutSeconds * 1000);
  const within = AbortSignal.any([signal, timeout]);
  try {
    if (probe.exec !== undefined) return await tryExec(probe.exec.command, target, within);
    if (probe.httpGet !== undefined) return await tryHttp(probe.httpGet, target, within);
    if (probe.tcpSocket !== undefined) return await tryTcp(target.portOf(probe.tcpSocket.port), target.address, within);
    return undefined;
  } catch (error) {
    return timeout.aborted ? `no answer within ${probe.timeoutSeconds} s` : reasonOf(error);
  }
}

async function tryExec(command: readonly string[], { client, id }: ProbeTarget, signal: AbortSignal): Promise<string | undefined> {
  const { exitCode, lines } = await execIn(client, id, command, { signal, keep: 1 });
  const [last] = lines;
  return exitCode === 0
    ? undefined
    : `${command[0] ?? ""} ended with ${exitCode ?? "no exit code"}${last === undefined ? "" : `: ${last}`}`;
}

function tryHttp(
  { port, path, scheme }: NonNullable<Probe["httpGet"]>,
  { address: host, portOf }: ProbeTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // As in Kubernetes, a certificate is not checked: what counts is that the container answers.
    const options = {
      host,
      port: portOf(port),
      path,
      signal,
      agent: false,
      rejectUnauthorized: false,
      headers: { host: `${host}:${port}`, "user-agent": "outrigger-probe" },
    };
    const outgoing = (scheme === "HTTPS" ? httpsRequest : httpRequest)(options, (response) => {
      response.destroy();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400 ? undefined : `GET ${path} on port ${port} answered ${status}`);
    });
    outgoing.once("error", reject).end();
  });
}

function tryTcp(port: number, host: string, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once("error", reject).once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

import { once } from "node:events";
import type { Client } from "ssh2";
import { sdkErrors } from "../../errors.ts";
import type { ExecOptions, ExecOutput } from "../cluster-context.ts";
import type { FakeHost, FakeHosts } from "./fake-hosts.ts";

/** Runs scripts on fake hosts over SSH, as a runner does. */
export interface HostExec {
  readonly exec: (ip: string, script: string, options?: ExecOptions) => Promise<ExecOutput>;
  readonly close: () => void;
}

export function execOnHosts({ hosts, user, password }: FakeHosts): HostExec {
  const clients = new Map<string, Promise<Client>>();
  const open = async ({ ip, port }: FakeHost): Promise<Client> => {
    const { default: ssh } = await import("ssh2");
    const client = new ssh.Client();
    client.connect({ host: ip, port, username: user, password, readyTimeout: 10_000 });
    await once(client, "ready").catch((error: Error) => {
      throw sdkErrors["fake-host-unreachable"]({ host: ip, reason: error.message });
    });
    client.setNoDelay(true);
    const forget = (): void => void clients.delete(ip);
    return client.on("error", forget).once("close", forget);
  };
  const clientOf = (host: FakeHost): Promise<Client> => {
    const known = clients.get(host.ip) ?? open(host);
    clients.set(host.ip, known);
    known.catch(() => clients.delete(host.ip));
    return known;
  };
  return {
    exec: async (ip, script, options = {}) => {
      const host = hosts.find((each) => each.ip === ip);
      if (host === undefined) throw sdkErrors["fake-host-unreachable"]({ host: ip, reason: "there is no such host" });
      return run(await clientOf(host), ip, scriptText(script, options), options.timeout);
    },
    close: () => {
      for (const client of clients.values()) void client.then((open) => open.end()).catch(() => {});
    },
  };
}

/** As runners send it: on the input, its variables quoted. */
function scriptText(script: string, { env = {}, workingDirectory }: ExecOptions): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return ["set -euo pipefail", ...lines, ...(workingDirectory === undefined ? [] : [`cd ${quoted(workingDirectory)}`]), script, ""].join(
    "\n",
  );
}

function run(client: Client, ip: string, script: string, timeout: number | undefined): Promise<ExecOutput> {
  const { promise, resolve, reject } = Promise.withResolvers<ExecOutput>();
  const fail = (reason: string): void => reject(sdkErrors["fake-host-unreachable"]({ host: ip, reason }));
  client.exec("bash -s", (error, channel) => {
    if (error !== undefined) return fail(error.message);
    const timer = timeout === undefined ? undefined : setTimeout(() => fail(`the script did not end within ${timeout} ms`), timeout);
    const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let exit: number | undefined;
    channel.on("data", (part: Buffer) => parts.stdout.push(part));
    channel.stderr.on("data", (part: Buffer) => parts.stderr.push(part));
    channel.once("exit", (code: number | null) => {
      exit = code ?? 255;
    });
    channel.once("close", () => {
      clearTimeout(timer);
      const [stdout, stderr] = [Buffer.concat(parts.stdout).toString("utf8"), Buffer.concat(parts.stderr).toString("utf8")];
      if (exit === undefined) fail("the connection dropped");
      else resolve({ exit, stdout, stderr });
    });
    channel.end(script);
  });
  return promise;
}

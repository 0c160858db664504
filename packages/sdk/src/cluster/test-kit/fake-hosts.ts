import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterHost, ExecOutput } from "../cluster-context.ts";
import { type Execution, type FakeServer, type Fault, openFakeServer } from "./fake-server.ts";

/** What a fake host is like; absent: the first is the master, the others are nodes. */
export type FakeHostDescription = Partial<Pick<ClusterHost, "roles" | "env" | "labels">>;

export interface FakeHostsOptions {
  /** Answers scripts instead of bash: so a test can play what must not happen on its own machine. Undefined: bash runs it. */
  readonly answer?: (ip: string, script: string) => Partial<ExecOutput> | undefined;
}

/** A host on this machine: an SSH server in this process, whose commands are run by bash in a folder of its own, as the user that runs the test. */
export interface FakeHost extends ClusterHost {
  readonly port: number;
  /** Its home and working directory. */
  readonly folder: string;
  /** What was run on it, in order. */
  readonly executed: readonly Execution[];
  /** From now on. */
  readonly fail: (fault: Fault) => void;
}

export interface FakeHosts {
  readonly hosts: readonly FakeHost[];
  readonly user: string;
  readonly password: string;
  readonly close: () => Promise<void>;
}

/**
 * Hosts to try plug-ins and runners on, each with an address of 127.0.0.0/8 and a port of its own.
 * Scripts run for real, with the files of this machine: what touches more than the host's folder is better answered by `answer`.
 */
export async function fakeHosts(described: number | readonly FakeHostDescription[], { answer }: FakeHostsOptions = {}): Promise<FakeHosts> {
  const descriptions = typeof described === "number" ? Array.from({ length: described }, (): FakeHostDescription => ({})) : described;
  const root = await mkdtemp(join(tmpdir(), "outrigger-hosts-"));
  const [user, password] = ["root", crypto.randomUUID()];
  const net = `127.${random(1, 254)}.${random(0, 255)}`;
  const servers: FakeServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    await rm(root, { recursive: true, force: true });
  };
  try {
    const master0 = Math.max(
      0,
      descriptions.findIndex(({ roles }) => roles?.includes("master")),
    );
    const hosts: FakeHost[] = [];
    for (const [index, { roles, env = {}, labels = {} }] of descriptions.entries()) {
      const ip = `${net}.${index + 1}`;
      const folder = await mkdtemp(join(root, `${index + 1}-`));
      const server = await openFakeServer({ ip, user, password, folder, ...(answer === undefined ? {} : { answer }) });
      servers.push(server);
      const { port, executed, fail } = server;
      hosts.push({
        ip,
        roles: roles ?? [index === 0 ? "master" : "node"],
        master0: index === master0,
        env,
        labels,
        port,
        folder,
        executed,
        fail,
      });
    }
    return { hosts, user, password, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function random(from: number, to: number): number {
  return from + Math.floor(Math.random() * (to - from + 1));
}

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Host, SshAccess } from "@outrigger/cluster";
import { execute, type Result } from "./sandbox.ts";
import { layHostFiles, startHostScript } from "./ssh-host-files.ts";

/** A machine made of namespaces, with this machine's files beneath its own and a real sshd on port 22. */
export interface SshHost {
  readonly ip: string;
  readonly hostname: string;
  /** Its host key's, as OpenSSH shows it: `SHA256:...`. */
  readonly fingerprint: () => string;
  /** Packets to and from it vanish. */
  readonly drop: () => void;
  readonly restore: () => void;
  /** The size of /var/lib/outrigger; without it, as much as there is memory. Fails when more than that lies there. */
  readonly limitDisk: (bytes?: number) => void;
  /** A new one, sshd started anew; connections that are open stay. */
  readonly changeHostKey: () => Promise<void>;
  /** A bash script inside, as root, not by SSH. */
  readonly exec: (script: string) => Promise<Result>;
  /** The text of a file inside; undefined if it is not there. Of a host that is down: only what lies on its disk. */
  readonly read: (path: string) => string | undefined;
  /** Puts a file into a host that runs. */
  readonly write: (path: string, content: string | Uint8Array) => void;
  /** Power off: all its processes end at once. Its disk stays. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** As a cluster's model has it. */
  readonly model: (given?: Partial<Host>) => Host;
}

export interface SshHosts {
  readonly hosts: readonly SshHost[];
  /** A private key without passphrase that root and the users below take. */
  readonly keyFile: string;
  /** Of root and the users below. */
  readonly password: string;
  /** May do anything by `sudo -n`. */
  readonly sudoer: string;
  /** May not. */
  readonly plainUser: string;
  /** A known_hosts with the keys that the hosts began with. */
  readonly knownHosts: string;
  readonly folder: string;
}

export interface SshHostsOptions {
  /** Lines put before the usual ones of sshd_config. */
  readonly sshdConfig?: readonly string[];
}

export const hostPassword = "correct horse 'battery' $taple";
export const sudoer = "deploy";
export const plainUser = "plain";

/**
 * Hosts on a switch of their own, reached by TCP from here: each with its own network, processes, hostname, IPC and mounts. /etc and all else are its own over
 * this machine's files; /run, /tmp and /var/lib/outrigger begin empty. All of it hangs on one process and is gone with it, and with the test. Needs root.
 */
export async function sshHosts(context: Pick<TestContext, "after">, count: number, options: SshHostsOptions = {}): Promise<SshHosts> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-ssh-hosts-"));
  const disks = join(folder, "disks");
  mkdirSync(disks);
  const anchor = await startAnchor(disks, count);
  const hosts: SshHost[] = [];
  context.after(async () => {
    await Promise.all(hosts.map((host) => host.kill()));
    await end(anchor);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const subnet = laySwitch(anchor);
  const { keyFile, hostKeys } = layHostFiles(`/proc/${anchor.pid}/root${disks}`, folder, count, { password: hostPassword, ...options });
  for (let index = 0; index < count; index += 1) hosts.push(ownHost({ disks, anchor, index, subnet, keyFile }));
  await Promise.all(hosts.map((host) => host.start()));
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, hosts.map(({ ip }, index) => `${ip} ${hostKeys[index]}\n`).join(""));
  return { hosts, keyFile, password: hostPassword, sudoer, plainUser, knownHosts, folder };
}

/** Owns the disks and the switch's network; ends with this process, whatever becomes of it. */
async function startAnchor(disks: string, count: number): Promise<ChildProcess> {
  const script = `set -e
mount -t tmpfs -o mode=0755 tmpfs "$0"
for ((each = 0; each < $1; each += 1)); do
  mkdir -p "$0/$each/state"
  mount -t tmpfs -o mode=0755 tmpfs "$0/$each/state"
done
echo ready
exec sleep infinity`;
  const words = ["--pdeathsig", "KILL", "unshare", "--mount", "--net", "bash", "-c", script, disks, String(count)];
  const anchor = spawn("setpriv", words, { stdio: ["ignore", "pipe", "inherit"] });
  await once(anchor.stdout, "data");
  return anchor;
}

/** Gives the first three numbers of a subnet that nothing here has: 10.64.0.0 to 10.191.255.0. */
function laySwitch(anchor: ChildProcess): string {
  const inAnchor = (...words: readonly string[]): void => {
    execFileSync("nsenter", [`--net=/proc/${anchor.pid}/ns/net`, ...words]);
  };
  inAnchor("ip", "link", "add", "switch0", "up", "type", "bridge");
  for (;;) {
    const subnet = `10.${randomInt(64, 192)}.${randomInt(256)}`;
    const link = `oh${subnet.replaceAll(".", "-")}`;
    const routes = execFileSync("ip", ["route", "show", "root", `${subnet}.0/24`], { encoding: "utf8" });
    if (routes !== "") continue;
    try {
      // The link's name, which holds the subnet, is what two tests at once can't both take.
      execFileSync("ip", ["link", "add", link, "type", "veth", "peer", "name", "uplink0", "netns", String(anchor.pid)], {
        stdio: "ignore",
      });
    } catch {
      continue;
    }
    inAnchor("ip", "link", "set", "uplink0", "master", "switch0", "up");
    execFileSync("ip", ["address", "add", `${subnet}.1/24`, "dev", link]);
    execFileSync("ip", ["link", "set", link, "up"]);
    return subnet;
  }
}

interface HostPlace {
  readonly disks: string;
  readonly anchor: ChildProcess;
  readonly index: number;
  readonly subnet: string;
  readonly keyFile: string;
}

function ownHost({ disks, anchor, index, subnet, keyFile }: HostPlace): SshHost {
  const ip = `${subnet}.${index + 2}`;
  const hostname = `host-${index + 1}`;
  const disk = join(disks, String(index));
  const inAnchor = [`--net=/proc/${anchor.pid}/ns/net`, `--mount=/proc/${anchor.pid}/ns/mnt`];
  let running: { readonly keeper: ChildProcess; readonly pid: number } | undefined;

  const start = async (): Promise<void> => {
    if (running !== undefined) return;
    const own = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--uts", "--ipc"];
    const script = ["bash", "-c", startHostScript, hostname, disk, String(index), ip, String(anchor.pid)];
    const words = ["--pdeathsig", "KILL", "nsenter", inAnchor[1] ?? "", ...own, ...script];
    const keeper = spawn("setpriv", words, { stdio: ["ignore", "pipe", "pipe"] });
    let complaints = "";
    keeper.stderr.on("data", (piece) => {
      complaints += piece;
    });
    const [said] = (await Promise.race([once(keeper.stdout, "data"), once(keeper, "exit")])) as [unknown];
    if (!Buffer.isBuffer(said)) throw new TypeError(`${hostname} did not start: ${complaints}`);
    const pid = Number(readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, "utf8").trim());
    running = { keeper, pid };
  };
  const kill = async (): Promise<void> => {
    if (running === undefined) return;
    const { keeper, pid } = running;
    running = undefined;
    // The namespace's first process takes all others with it.
    process.kill(pid, "SIGKILL");
    await end(keeper);
  };
  const port = (state: "up" | "down"): void => {
    execFileSync("nsenter", [inAnchor[0] ?? "", "ip", "link", "set", `port-${index}`, state]);
  };
  const exec = (text: string): Promise<Result> => {
    if (running === undefined) throw new TypeError(`${hostname} is down`);
    const words = ["--target", String(running.pid), "--mount", "--net", "--pid", "--uts", "--ipc", "--root", "--wd"];
    // A bash whose stdin is a socket believes that it is started by sshd and reads ~/.bashrc, unless it lies in another.
    return execute("nsenter", [...words, "bash", "-c", text], "/", { HOME: "/root", SHLVL: "2" });
  };
  const read = (path: string): string | undefined => {
    const kept = path.replace(/^\/var\/lib\/outrigger(?=\/|$)/, "\0");
    const onDisk = kept.startsWith("\0") ? join(disk, "state", kept.slice(1)) : join(disk, "upper", path);
    const file = running === undefined ? `/proc/${anchor.pid}/root${onDisk}` : `/proc/${running.pid}/root${path}`;
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
      throw error;
    }
  };
  const write = (path: string, content: string | Uint8Array): void => {
    if (running === undefined) throw new TypeError(`${hostname} is down`);
    writeFileSync(`/proc/${running.pid}/root${path}`, content);
  };
  const fingerprint = (): string => {
    const [, key = ""] = (readKey() ?? "").split(" ");
    return `SHA256:${createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "")}`;
  };
  const readKey = (): string | undefined => read("/etc/ssh/ssh_host_ed25519_key.pub");
  const changeHostKey = async (): Promise<void> => {
    const made = "rm /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key";
    // HUP makes sshd read its files anew.
    const { code, stderr } = await exec(`set -e; ${made}; kill -HUP "$(cat /run/sshd.pid)"; sleep 0.2`);
    if (code !== 0) throw new TypeError(stderr);
  };
  const limitDisk = (bytes?: number): void => {
    execFileSync("nsenter", [inAnchor[1] ?? "", "mount", "-o", `remount,size=${bytes ?? 0}`, join(disk, "state")]);
  };
  const model = (given: Partial<Host> = {}): Host => {
    const ssh: SshAccess = { user: "root", port: 22, key: { path: keyFile } };
    return { ip, roles: [index === 0 ? "master" : "node"], ssh, env: {}, labels: {}, taints: [], ...given };
  };
  return {
    ip,
    hostname,
    fingerprint,
    drop: () => port("down"),
    restore: () => port("up"),
    limitDisk,
    changeHostKey,
    exec,
    read,
    write,
    kill,
    start,
    model,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

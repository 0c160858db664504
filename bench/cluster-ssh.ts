import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectHosts, type HostConnections } from "@outrigger/cluster";
import { treeOfDirectory } from "@outrigger/registry";
import { bash, connectOptions } from "../tests/support/ssh-connections.ts";
import { type SshHosts, sshHosts } from "../tests/support/ssh-hosts.ts";
import type { Measurement } from "./measurement.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const rounds = 3;
/** What a SHELL plug-in does: five commands, the last of which changes the host. */
const commands = ["uname -r", "hostname", "id -u", "df -P / | tail -n 1", "date > /etc/bench"];

/**
 * Hosts of network namespaces with real sshd, all on this machine's processors. Five commands over 20 hosts, as a SHELL plug-in run by the command as it is
 * installed, with its process, plan, journal and state, and from no connection to the last exit, beside a playbook of five `shell` tasks with forks=20, pipelining and no
 * facts; a tree of 200 MB to a new folder of 10 hosts, checked by digest, beside one `rsync -a` for
 * each host at the same time; and beside `ansible.builtin.copy`, which takes the better part of a second for each file and is therefore given the large files and
 * one in twelve of the small ones, once. Otherwise medians of three rounds, one after the other in turn. Needs Debian's `ansible` and `rsync`.
 */
export async function benchClusterSsh(): Promise<readonly Measurement[]> {
  return [...(await shell(20)), ...(await copy(10))];
}

async function shell(count: number): Promise<readonly Measurement[]> {
  return await onHosts(count, async (all) => {
    const inventory = writeInventory(all);
    const playbook = join(all.folder, "shell.yaml");
    const tasks = commands.map((command) => ({ "ansible.builtin.shell": command }));
    writeFileSync(playbook, JSON.stringify([{ hosts: "all", gather_facts: false, tasks }]));
    const plugin = await clusterWithPlugin(all);
    const [whole, ours, again, ansible]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let round = 0; round < rounds; round += 1) {
      whole.push(await milliseconds(() => outrigger(all, "plugin", "run", "-f", plugin, "--parallel", String(count))));
      const connections = connect(all);
      ours.push(await milliseconds(() => shellEverywhere(all, connections, `first/${round}`)));
      again.push(await milliseconds(() => shellEverywhere(all, connections, `second/${round}`)));
      await connections.close();
      ansible.push(await milliseconds(() => playAnsible(all, inventory, playbook, count)));
    }
    const peer = { name: "ansible-playbook", value: median(ansible) };
    const goal = "at least 10 x faster: ratio at most 0.1";
    return [
      { name: `a SHELL plug-in of 5 commands over ${count} hosts, the whole command`, value: median(whole), unit: "ms", peer, goal },
      { name: `5 commands over ${count} hosts, connecting included`, value: median(ours), unit: "ms", peer, goal },
      { name: `5 commands over ${count} hosts that are connected`, value: median(again), unit: "ms", peer, goal: "-" },
    ];
  });
}

/** A cluster of all hosts, made of an image that does nothing. @returns the file of the plug-in that is measured */
async function clusterWithPlugin(all: SshHosts): Promise<string> {
  const file = (path: string, text: string): string => {
    const place = join(all.folder, "bench", path);
    mkdirSync(join(place, ".."), { recursive: true });
    writeFileSync(place, text);
    return place;
  };
  await run("npm", ["run", "--silent", "build"], { cwd: root });
  const kubefile = file("image/Kubefile", "FROM scratch\nCOPY create.sh scripts/\n");
  file("image/create.sh", "true\n");
  await outrigger(all, "build", "-t", "bench:1", join(kubefile, ".."));
  const [first = "", ...others] = all.hosts.map(({ ip }) => ip);
  await outrigger(all, "run", "bench:1", "-m", first, "-n", others.join(","), "--pk", all.keyFile, "--parallel", String(all.hosts.length));
  const spec = { type: "SHELL", action: "PostInstall", data: `${commands.join("\n")}\n` };
  return file("shell.yaml", JSON.stringify({ apiVersion: "outrigger.dev/v1", kind: "Plugin", metadata: { name: "five" }, spec }));
}

async function outrigger({ folder }: SshHosts, ...words: readonly string[]): Promise<void> {
  const env = { ...process.env, HOME: folder, OUTRIGGER_PACKAGES: join(folder, "packages"), OUTRIGGER_CLUSTERS: join(folder, "clusters") };
  await run(process.execPath, [join(root, "dist/packages/cli/lib/main.js"), "cluster", ...words], { env });
}

async function shellEverywhere(all: SshHosts, connections: HostConnections, key: string): Promise<void> {
  const outcomes = await Promise.all(
    all.hosts.map(async ({ ip }) => {
      const host = await connections.get(ip);
      const task = { key, script: bash(commands.join("\n")), secrets: {}, timeout: 60_000 };
      return await host.run(task, { signal: new AbortController().signal, onOutput: () => undefined });
    }),
  );
  for (const outcome of outcomes) if (outcome.kind !== "ended" || outcome.exit !== 0) throw new TypeError(JSON.stringify(outcome));
}

async function copy(count: number): Promise<readonly Measurement[]> {
  const source = mkdtempSync(join(tmpdir(), "outrigger-bench-tree-"));
  try {
    layTree(source);
    return await onHosts(count, async (all) => {
      const [ours, rsync]: [number[], number[]] = [[], []];
      const connections = connect(all);
      for (let round = 0; round < rounds; round += 1) {
        ours.push(
          await milliseconds(async () => {
            const tree = await treeOfDirectory(source);
            const signal = new AbortController().signal;
            const to = `/var/lib/outrigger/ours-${round}/rootfs`;
            await Promise.all(all.hosts.map(async ({ ip }) => await (await connections.get(ip)).distribute(tree, to, { signal })));
          }),
        );
        rsync.push(await milliseconds(() => Promise.all(all.hosts.map(({ ip }) => rsyncTo(all, ip, source, round)))));
        await Promise.all(all.hosts.map((host) => host.exec("rm -rf /var/lib/outrigger/ours-* /root/rsync-*")));
      }
      await connections.close();
      for (let index = 0; index < 500; index += 1) if (index % 12 > 0) rmSync(join(source, manifest(index)));
      const playbook = join(all.folder, "copy.yaml");
      const tasks = [{ "ansible.builtin.copy": { src: `${source}/`, dest: "/root/ansible/", mode: "preserve" } }];
      writeFileSync(playbook, JSON.stringify([{ hosts: "all", gather_facts: false, tasks }]));
      const ansible = Math.round(await milliseconds(() => playAnsible(all, writeInventory(all), playbook, count)));
      const measured = { name: `200 MB to ${count} hosts`, value: median(ours), unit: "ms" };
      return [
        { ...measured, peer: { name: "rsync -a", value: median(rsync) }, goal: "at least 0.9 x as fast: ratio at most 1.11" },
        { ...measured, peer: { name: "ansible.builtin.copy", value: ansible }, goal: "at least 5 x faster: ratio at most 0.2" },
      ];
    });
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

/** As a rootfs is: images in a few large files, some hundred manifests, charts and scripts, tools between. Nothing that compression makes smaller. */
function layTree(folder: string): void {
  const file = (path: string, size: number): void => {
    const content = Buffer.allocUnsafe(Math.ceil(size / 64) * 64);
    for (let at = 0; at < content.length; at += 64) createHash("sha512").update(`${path} ${at}`).digest().copy(content, at);
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content.subarray(0, size));
  };
  for (const [index, size] of [70, 50, 30].entries()) file(`images/${index}.tar`, size * 1e6);
  for (let index = 0; index < 10; index += 1) file(`bin/tool-${index}`, 4.5e6);
  for (let index = 0; index < 500; index += 1) file(manifest(index), 4_000 + 25 * index);
}

function manifest(index: number): string {
  return `manifests/${index % 25}/${index}.yaml`;
}

async function onHosts<T>(count: number, work: (all: SshHosts) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = [];
  try {
    return await work(await sshHosts({ after: (end?: unknown) => void ends.push(end as () => unknown) }, count));
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function connect(all: SshHosts): HostConnections {
  return connectHosts(
    all.hosts.map((host) => host.model()),
    { ...connectOptions(all), knownHosts: all.knownHosts },
  );
}

function writeInventory({ hosts, folder }: SshHosts): string {
  const inventory = join(folder, "inventory");
  writeFileSync(inventory, hosts.map(({ ip }) => `${ip}\n`).join(""));
  return inventory;
}

async function playAnsible({ keyFile, knownHosts, folder }: SshHosts, inventory: string, playbook: string, forks: number): Promise<void> {
  await run("ansible-playbook", ["-i", inventory, "-u", "root", "--private-key", keyFile, playbook], {
    maxBuffer: 2 ** 26,
    env: {
      ...process.env,
      HOME: folder,
      ANSIBLE_FORKS: String(forks),
      ANSIBLE_PIPELINING: "True",
      // Its default, said aloud: connections are kept between tasks.
      ANSIBLE_SSH_ARGS: `-C -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${knownHosts}`,
      ANSIBLE_PYTHON_INTERPRETER: "/usr/bin/python3",
    },
  });
}

async function rsyncTo({ keyFile, knownHosts }: SshHosts, ip: string, source: string, round: number): Promise<void> {
  await run("rsync", [
    "-a",
    "-e",
    `ssh -i ${keyFile} -o UserKnownHostsFile=${knownHosts} -o BatchMode=yes`,
    `${source}/`,
    `root@${ip}:/root/rsync-${round}/`,
  ]);
}

async function milliseconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}

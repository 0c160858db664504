import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { builtInTypes, connectHosts, type HostConnection, kubernetesOf } from "@outrigger/cluster";
import { contextOf, hosts, nodeObject, plugin } from "../packages/cluster/test/support/hosts.ts";
import { kubernetesApi, noKubernetes } from "../tests/support/kubernetes-api.ts";
import { sshHosts } from "../tests/support/ssh-hosts.ts";
import type { Measurement } from "./measurement.ts";

const run = promisify(execFile);
const count = 500;

/**
 * LABEL of 500 nodes of a kube-apiserver, through SSH (a host with a real sshd, from which alone the API is asked), beside `kubectl label` for each node on this
 * machine, which speaks to the API directly. Both begin with nothing: no connection is open, no kubeconfig is read.
 */
export async function benchClusterLabel(): Promise<readonly Measurement[]> {
  const missing = noKubernetes ?? (isThere("kubectl") ? undefined : "no kubectl on the PATH");
  if (missing !== undefined) {
    console.log(`cluster-label: not measured: ${missing}`);
    return [];
  }
  const ends: (() => unknown)[] = [];
  const context = { after: (end?: unknown) => void ends.push(end as () => unknown) };
  try {
    const ssh = await sshHosts(context, 1);
    const [master0] = ssh.hosts;
    if (master0 === undefined) throw new TypeError("no host");
    const api = await kubernetesApi(context, master0.ip.replace(/\.\d+$/, ".1"));
    const connect = (): ReturnType<typeof connectHosts> =>
      connectHosts([master0.model()], {
        knownHosts: ssh.knownHosts,
        userKnownHosts: false,
        agent: false,
        readSecret: () => Promise.reject(new TypeError("no secret")),
        onTrust: () => undefined,
      });
    const before = connect();
    await prepare(await before.get(master0.ip), readFileSync(api.kubeconfig));
    await before.close();

    const begun = performance.now();
    const connections = connect();
    const kubernetes = kubernetesOf(await connections.get(master0.ip));
    const all = hosts(count);
    const { context: call } = contextOf(kubernetes, all);
    const label = builtInTypes.get("LABEL");
    if (label?.kind !== "called") throw new TypeError("LABEL is called");
    await label.run(plugin("LABEL", all.map(({ ip }) => `${ip} disk=ssd`).join("\n")), call, "PreGuest");
    const ours = performance.now() - begun;
    const again = performance.now();
    await label.run(plugin("LABEL", all.map(({ ip }) => `${ip} disk=ssd`).join("\n")), call, "PreGuest");
    const unchanged = performance.now() - again;
    await kubernetes.close();
    await connections.close();

    const theirs = performance.now();
    for (let each = 0; each < count; each += 1) {
      await run("kubectl", ["--kubeconfig", api.kubeconfig, "label", "--overwrite", "node", `node-${each}`, "disk=nvme"]);
    }
    const kubectl = performance.now() - theirs;
    return [
      {
        name: `LABEL of ${count} nodes`,
        value: Math.round(ours),
        unit: "ms",
        peer: { name: "kubectl label in a loop", value: Math.round(kubectl) },
        goal: "at least 20 x faster: ratio at most 0.05",
      },
      { name: "the same again, nothing to change", value: Math.round(unchanged), unit: "ms", goal: "-" },
    ];
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function isThere(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The nodes, and the kubeconfig where it is looked for. */
async function prepare(connection: HostConnection, kubeconfig: Uint8Array): Promise<void> {
  const script = { text: "mkdir -p /etc/kubernetes", env: {}, strict: true, skipWithoutDirectory: false };
  await connection.exec(script, { timeout: 10_000 });
  await connection.writeFile("/etc/kubernetes/admin.conf", kubeconfig, 0o600);
  const kubernetes = kubernetesOf(connection);
  await Promise.all(hosts(count).map(({ ip }, each) => kubernetes.create("/api/v1/nodes", nodeObject(`node-${each}`, ip))));
  await kubernetes.close();
}

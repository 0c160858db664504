import assert from "node:assert/strict";
import { connectHosts, kubernetesOf } from "@outrigger/cluster";
import type { KubernetesNode } from "@outrigger/sdk";
import type { ClusterStand } from "./cluster-stand.ts";

/** The nodes that a stand's cluster has, asked through its first host. */
export async function nodesOf(stand: Pick<ClusterStand, "hosts" | "knownHosts">): Promise<readonly KubernetesNode[]> {
  const [master0] = stand.hosts;
  assert.ok(master0);
  const connections = connectHosts([master0.model()], {
    knownHosts: stand.knownHosts,
    userKnownHosts: false,
    agent: false,
    readSecret: async () => assert.fail("no secret is asked for"),
    onTrust: () => assert.fail("the key is known"),
  });
  const kubeconfig = (await master0.exec("find /etc /var/lib -name admin.conf -o -name kubeconfig | head -n 1")).stdout.trim();
  const kubernetes = kubernetesOf(await connections.get(master0.ip), { kubeconfig });
  try {
    return await kubernetes.listNodes();
  } finally {
    await kubernetes.close();
    await connections.close();
  }
}

import { wordsOf } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { HostConnection } from "../ssh/host-connection.ts";
import { type KubernetesAccess, readKubeconfig } from "./kubeconfig.ts";
import type { KubernetesOptions } from "./kubernetes-of.ts";

/** Where an admin kubeconfig is unless create.sh says something else; the first that is there counts. */
export const usualKubeconfigs: readonly string[] = ["/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml"];

const lookFor = `for file in "\${looked[@]}"; do
  if [ -f "$file" ]; then printf '%s' "$file"; exit 0; fi
done
exit 3`;

/** @throws kubeconfig-missing, kubeconfig-invalid */
export async function findKubeconfig(master0: HostConnection, { kubeconfig, insecure }: KubernetesOptions): Promise<KubernetesAccess> {
  const host = master0.host.ip;
  const path = kubeconfig ?? (await firstThere(master0));
  if (path === undefined) {
    throw clusterErrors["kubeconfig-missing"]({ host, looked: `looked for ${usualKubeconfigs.join(" and ")}` });
  }
  const read = async (file: string): Promise<string> => {
    try {
      return Buffer.from(await master0.readFile(file)).toString("utf8");
    } catch (cause) {
      throw clusterErrors["kubeconfig-missing"]({ host, looked: `${file} can't be read: ${wordsOf(cause)}` }, { cause });
    }
  };
  const access = await readKubeconfig(await read(path), path, read);
  if (typeof access === "string") throw clusterErrors["kubeconfig-invalid"]({ path, host, reason: access });
  if (access.insecure && insecure !== true) {
    const reason = "it turns the check of the server's certificate off (`insecure-skip-tls-verify`)";
    throw clusterErrors["kubeconfig-invalid"]({ path, host, reason });
  }
  return access;
}

async function firstThere(master0: HostConnection): Promise<string | undefined> {
  const text = `looked=(${usualKubeconfigs.join(" ")})\n${lookFor}`;
  const found = await master0.exec({ text, env: {}, strict: true, skipWithoutDirectory: false }, { timeout: 30_000 });
  return found.exit === 0 && found.stdout !== "" ? found.stdout : undefined;
}

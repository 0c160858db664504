import type { Cluster } from "../model/cluster.ts";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { Host, SecretSource } from "../model/host.ts";

/** A cluster as it may be written down: what was given in clear is asked for later. */
export function withoutSecrets(cluster: Cluster): Cluster {
  return { ...cluster, hosts: cluster.hosts.map(hostWithoutSecrets), ...formerOf(cluster) };
}

/** Its warnings go too: they have been told. */
export function clusterfileWithoutSecrets(clusterfile: Clusterfile): Clusterfile {
  return { ...clusterfile, hosts: clusterfile.hosts.map(hostWithoutSecrets), ...formerOf(clusterfile), warnings: [] };
}

function formerOf({ formerHosts }: Pick<Cluster, "formerHosts">): Pick<Cluster, "formerHosts"> {
  return formerHosts === undefined ? {} : { formerHosts: formerHosts.map(hostWithoutSecrets) };
}

export function hostWithoutSecrets(host: Host): Host {
  const { password, key, ...access } = host.ssh;
  const ssh = {
    ...access,
    ...(password === undefined ? {} : { password: askLater(password) }),
    ...(key === undefined
      ? {}
      : { key: { path: key.path, ...(key.passphrase === undefined ? {} : { passphrase: askLater(key.passphrase) }) } }),
  };
  return { ...host, ssh };
}

function askLater(source: SecretSource): SecretSource {
  return source.from === "text" ? { from: "prompt" } : source;
}

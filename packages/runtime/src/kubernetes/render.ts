import type { Container, ContainerRole, Pod } from "@outrigger/pod";
import { discoveryVolume, type KubernetesObject, renderContainer, secretKey, secretName, transportOf, volumeLabel } from "./container.ts";
import { fileSecrets, fileVolumes } from "./files.ts";

/**
 * The pod as Kubernetes objects, in the order in which to apply them: Secrets, ConfigMap, PersistentVolumeClaims, Service, Pod; in place of the Pod
 * a Deployment where several replicas are wanted, whose pods then share their claims. Pure.
 *
 * Discovery is looked for at the node's address. Detours and closed ports are not rendered: an egress plug-in gets calls only at its own ports.
 *
 * Network plug-ins become native sidecars (Kubernetes 1.29 and newer), so that they are ready before the app starts. A Secret comes without its data,
 * which nothing here knows; its annotation names the keys to fill in.
 */
export function renderPod(pod: Pod): object[] {
  const files = fileSecrets(pod, (name, annotations) =>
    metadata(pod, name, Object.keys(annotations).length === 0 ? undefined : annotations),
  );
  return [...secrets(pod), ...files, ...discovery(pod), ...claims(pod), ...service(pod), workload(pod)];
}

function metadata(pod: Pod, name: string, annotations?: Readonly<Record<string, string>>): KubernetesObject {
  return { name, namespace: pod.team, labels: labels(pod), ...(annotations === undefined ? {} : { annotations }) };
}

function labels({ application, component }: Pod): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": component,
    "app.kubernetes.io/part-of": application,
    "app.kubernetes.io/managed-by": "outrigger",
  };
}

function workload(pod: Pod): KubernetesObject {
  const spec = podSpec(pod);
  if (pod.replicas === 1) return { apiVersion: "v1", kind: "Pod", metadata: metadata(pod, pod.name), spec };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(pod, pod.name),
    spec: { replicas: pod.replicas, selector: { matchLabels: labels(pod) }, template: { metadata: { labels: labels(pod) }, spec } },
  };
}

function podSpec(pod: Pod): KubernetesObject {
  const of = (...roles: readonly ContainerRole[]): readonly Container[] => pod.containers.filter(({ role }) => roles.includes(role));
  const initContainers = of("init", "network").map((container) => renderContainer(pod, container));
  const volumes = [
    ...pod.volumes.map(({ name, ephemeral }) =>
      ephemeral
        ? { name: volumeLabel(name), emptyDir: {} }
        : { name: volumeLabel(name), persistentVolumeClaim: { claimName: claimName(pod, name) } },
    ),
    ...fileVolumes(pod),
    ...(Object.keys(pod.discovery).length === 0 ? [] : [{ name: discoveryVolume, configMap: { name: discoveryName(pod) } }]),
  ];
  return {
    ...(initContainers.length === 0 ? {} : { initContainers }),
    containers: of("app", "sidecar").map((container) => renderContainer(pod, container)),
    ...(volumes.length === 0 ? {} : { volumes }),
    restartPolicy: "Always",
    terminationGracePeriodSeconds: Math.max(0, ...pod.containers.map((container) => container.terminationGracePeriodSeconds)),
  };
}

function secrets(pod: Pod): readonly KubernetesObject[] {
  const references = pod.containers.flatMap(({ env }) => env.flatMap((variable) => ("secret" in variable ? [variable.secret] : [])));
  const byPlugin = Map.groupBy(references, ({ plugin }) => plugin);
  return [...byPlugin].map(([plugin, list]) => {
    const keys = [...new Set(list.map(secretKey))].sort();
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata(pod, secretName(pod, plugin), { "outrigger.dev/keys": keys.join(",") }),
      type: "Opaque",
    };
  });
}

function discoveryName(pod: Pod): string {
  return `${pod.name}-discovery`;
}

function discovery(pod: Pod): readonly KubernetesObject[] {
  const documents = Object.entries(pod.discovery).sort(([a], [b]) => (a < b ? -1 : 1));
  if (documents.length === 0) return [];
  const data = Object.fromEntries(documents.map(([plugin, { document }]) => [`${plugin}.json`, JSON.stringify(document, null, 2)]));
  return [{ apiVersion: "v1", kind: "ConfigMap", metadata: metadata(pod, discoveryName(pod)), data }];
}

function claimName(pod: Pod, volume: string): string {
  return `${pod.name}-${volume}`;
}

/** Nothing of ours says how much a volume may hold, and Kubernetes wants a size. */
const claimSize = "1Gi";

function claims(pod: Pod): readonly KubernetesObject[] {
  return pod.volumes.flatMap(({ name, ephemeral }) => {
    if (ephemeral) return [];
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: claimSize } } };
    return [{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: metadata(pod, claimName(pod, name)), spec }];
  });
}

/** Callers keep using the port they know; the Service leads them to the plug-in that has taken it over. */
function service(pod: Pod): readonly KubernetesObject[] {
  if (pod.ports.length === 0) return [];
  const ports = pod.ports.map(({ port, entry, protocol }) => ({
    name: `${protocol}-${port}`,
    port,
    targetPort: entry ?? port,
    protocol: transportOf(protocol),
  }));
  return [{ apiVersion: "v1", kind: "Service", metadata: metadata(pod, pod.component), spec: { selector: labels(pod), ports } }];
}

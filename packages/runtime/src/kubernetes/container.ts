import { createHash } from "node:crypto";
import { formatCpu, formatMemory, type Probe, plainCapabilities } from "@outrigger/plugin";
import type { Container, Pod, PodFact, ResourceAmounts, SecretReference, Variable } from "@outrigger/pod";
import { fileMounts } from "./files.ts";

/** A Kubernetes object; see Kubernetes' own API reference for its fields. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

/** A volume's name in a pod: a DNS label there, so the dot in that of a plug-in's own volume becomes two dashes, and what is too long ends in its hash. */
export function volumeLabel(name: string): string {
  const label = name.replace(".", "--");
  return label.length <= 63 ? label : `${label.slice(0, 54)}-${createHash("sha256").update(label).digest("hex").slice(0, 8)}`;
}

/** Name of the volume by which a plug-in sees its discovery document. */
export const discoveryVolume = "outrigger-discovery";

/** One container as Kubernetes spells it. */
export function renderContainer(pod: Pod, container: Container): KubernetesObject {
  const { name, role, image, command, args, workingDir, readiness, liveness, startup } = container;
  // The next container waits for a native sidecar's startup probe, not for its readiness.
  const startupProbe = startup ?? (role === "network" ? readiness : undefined);
  const ports = role === "app" ? containerPorts(pod) : [];
  const volumeMounts = mounts(pod, container);
  return withoutUndefined({
    name,
    image,
    command,
    args,
    workingDir,
    restartPolicy: role === "network" ? "Always" : undefined,
    env: container.env.length === 0 ? undefined : renderVariables(pod, container.env),
    ports: ports.length === 0 ? undefined : ports,
    resources: resources(container),
    volumeMounts: volumeMounts.length === 0 ? undefined : volumeMounts,
    startupProbe: startupProbe && probe(startupProbe),
    readinessProbe: readiness && probe(readiness),
    livenessProbe: liveness && probe(liveness),
    securityContext: securityContext(container),
  });
}

function withoutUndefined(object: KubernetesObject): KubernetesObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

const fieldPaths: Readonly<Record<PodFact, string>> = {
  "pod.name": "metadata.name",
  "pod.ip": "status.podIP",
  "pod.namespace": "metadata.namespace",
  "node.name": "spec.nodeName",
  "node.ip": "status.hostIP",
  "discovery.host": "status.hostIP",
};

function fieldRef(name: string, fact: PodFact): KubernetesObject {
  return { name, valueFrom: { fieldRef: { fieldPath: fieldPaths[fact] } } };
}

/** Text with facts in it refers to helper variables, which must stand before it. */
export function renderVariables(pod: Pod, env: readonly Variable[]): readonly KubernetesObject[] {
  const helpers = new Map<string, PodFact>();
  const rendered = env.map((variable): KubernetesObject => {
    const { name } = variable;
    if ("value" in variable) return { name, value: /\$[$(]/.test(variable.value) ? escapeDollars(variable.value) : variable.value };
    if ("secret" in variable) {
      const { secret } = variable;
      return { name, valueFrom: { secretKeyRef: { name: secretName(pod, secret.plugin), key: secretKey(secret) } } };
    }
    const [first, ...others] = variable.parts;
    if (others.length === 0 && typeof first === "object") return fieldRef(name, first.fact);
    const texts = variable.parts.map((part) => {
      if (typeof part === "string") return escapeDollars(part);
      const helper = `OUTRIGGER_${part.fact.replace(".", "_").toUpperCase()}`;
      helpers.set(helper, part.fact);
      return `$(${helper})`;
    });
    return { name, value: texts.join("") };
  });
  return [...[...helpers].map(([name, fact]) => fieldRef(name, fact)), ...rendered];
}

/** Kubernetes reads `$(NAME)` as a reference and `$$` as one dollar. */
function escapeDollars(text: string): string {
  return text.replaceAll("$", () => "$$");
}

/** A secret's key within its plug-in's Secret; the token for discovery has a key without a dot, as no setting has. */
export function secretKey(secret: SecretReference): string {
  return "group" in secret ? `${secret.group}.${secret.item}` : "discovery-token";
}

/** The Secret that holds a plug-in's secret values; each key is `GROUP.ITEM`. */
export function secretName(pod: Pod, plugin: string): string {
  return `${pod.name}-${plugin}`;
}

function containerPorts(pod: Pod): readonly KubernetesObject[] {
  return pod.ports.map(({ port, entry, protocol, publish }) => ({
    name: `${protocol}-${port}`,
    containerPort: entry ?? port,
    protocol: transportOf(protocol),
    ...(publish === undefined ? {} : { hostPort: publish.port, hostIP: publish.address }),
  }));
}

function mounts(pod: Pod, container: Container): readonly KubernetesObject[] {
  const { plugin, mounts } = container;
  const volumes = mounts.map(({ volume, path, readOnly }) => ({
    name: volumeLabel(volume),
    mountPath: path,
    ...(readOnly ? { readOnly } : {}),
  }));
  const own = [...volumes, ...fileMounts(container)];
  const reads = plugin !== undefined && pod.discovery[plugin.name] !== undefined;
  return reads ? [...own, { name: discoveryVolume, mountPath: "/etc/outrigger/discovery", readOnly: true }] : own;
}

function resources({ resources: { requests, limits } }: Container): KubernetesObject | undefined {
  const [least, most] = [amounts(requests), amounts(limits)];
  if (least === undefined && most === undefined) return undefined;
  return withoutUndefined({ requests: least, limits: most });
}

function amounts({ memory, cpu }: ResourceAmounts): KubernetesObject | undefined {
  if (memory === undefined && cpu === undefined) return undefined;
  return withoutUndefined({ memory: memory && formatMemory(memory), cpu: cpu && formatCpu(cpu) });
}

function probe({ exec, httpGet, tcpSocket, ...times }: Probe): KubernetesObject {
  return withoutUndefined({ exec, httpGet, tcpSocket, ...times });
}

/** As on Docker: the app has the engine's defaults, a plug-in what is plain and what it asks for. */
function securityContext({ plugin, securityContext: asked }: Container): KubernetesObject | undefined {
  const { add = [], drop = [] } = asked.capabilities ?? {};
  if (plugin === undefined) return Object.keys(asked).length === 0 ? undefined : { ...asked };
  const kept = plainCapabilities.filter((name) => !drop.includes(name) && !drop.includes("ALL"));
  return {
    ...asked,
    // Kubernetes refuses a privileged container that may not gain privileges.
    ...(asked.privileged === true ? {} : { allowPrivilegeEscalation: false }),
    capabilities: { drop: ["ALL"], add: [...new Set([...kept, ...add])] },
  };
}

/** The transport below a protocol, as Kubernetes spells it. */
export function transportOf(protocol: string): "TCP" | "UDP" | "SCTP" {
  if (protocol === "udp") return "UDP";
  return protocol === "sctp" ? "SCTP" : "TCP";
}

import { plainCapabilities } from "@outrigger/plugin";
import type { Container, ContainerResources, Pod, PodPort } from "@outrigger/pod";
import type { BindMount, ContainerCreation, ImageInspection } from "../client/types.ts";
import { infraImage } from "../traffic/infra-image.ts";
import type { Ways } from "../traffic/ways.ts";
import { expandCommand, type ResolvedVariable } from "./facts.ts";
import { frameOf, hostName, label, networkName, podLabels, type ReplicaKey, volumeName } from "./names.ts";

// json-file is the driver that every engine can read back and follow; the bounds keep a chatty container from filling the disk.
const common = {
  RestartPolicy: { Name: "no" },
  LogConfig: { Type: "json-file", Config: { "max-size": "16m", "max-file": "3" } },
} as const;

const powerless = { CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges"] } as const;

/** The infra container: it holds the pod's network and IPC, and bears the pod as a label. */
export function infraCreation(owner: string, key: ReplicaKey, pod: Pod): ContainerCreation {
  const bindings = pod.ports.flatMap((port) => (port.publish === undefined ? [] : [{ inner: innerPort(port), publish: port.publish }]));
  const grouped = Map.groupBy(bindings, ({ inner }) => inner);
  return {
    Image: infraImage,
    Hostname: hostName(key),
    Labels: { ...podLabels(owner, key), [label.role]: "infra", [label.pod]: JSON.stringify(frameOf(pod)) },
    ExposedPorts: Object.fromEntries(pod.ports.map((port) => [innerPort(port), {}])),
    HostConfig: {
      ...common,
      ...powerless,
      NetworkMode: networkName(key),
      IpcMode: "shareable",
      ReadonlyRootfs: true,
      PortBindings: Object.fromEntries(
        [...grouped].map(([inner, list]) => [
          inner,
          list.map(({ publish }) => ({ HostIp: publish.address, HostPort: String(publish.port) })),
        ]),
      ),
    },
    NetworkingConfig: { EndpointsConfig: { [networkName(key)]: { Aliases: [key.component] } } },
  };
}

/** The helper that lays a pod's redirects: the only one with power over the pod's network, and only for a moment. */
export function layerCreation(owner: string, key: ReplicaKey, infra: string, ways: Ways): ContainerCreation {
  return {
    Image: infraImage,
    Labels: { ...podLabels(owner, key), [label.role]: "redirects", [label.ways]: JSON.stringify(ways) },
    HostConfig: { ...common, ...powerless, CapAdd: ["NET_ADMIN"], NetworkMode: `container:${infra}` },
  };
}

/** Redirects within the pod decide who gets it, so that they can change while the pod runs. */
function innerPort({ port, protocol }: PodPort): string {
  return `${port}/${protocol === "udp" || protocol === "sctp" ? protocol : "tcp"}`;
}

export interface CreationParts {
  readonly owner: string;
  readonly key: ReplicaKey;
  readonly container: Container;
  /** Id of the pod's infra container. */
  readonly infra: string;
  readonly image: Pick<ImageInspection, "Id" | "Config">;
  readonly env: readonly ResolvedVariable[];
  /** Directories whose files are kept. */
  readonly kept: readonly BindMount[];
}

/** A container of a pod, as the engine wants it described. */
export function containerCreation({ owner, key, container, infra, image, env, kept }: CreationParts): ContainerCreation {
  const { securityContext, command, args, workingDir } = container;
  const user = userOf(container, image.Config?.User ?? "");
  return {
    Image: image.Id,
    ...(command === undefined ? {} : { Entrypoint: expandCommand(command, env) }),
    ...(args === undefined ? {} : { Cmd: expandCommand(args, env) }),
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    ...(user === undefined ? {} : { User: user }),
    Env: env.map(({ name, text }) => `${name}=${text}`),
    Labels: {
      ...podLabels(owner, key),
      [label.container]: container.name,
      [label.role]: container.role,
      [label.spec]: JSON.stringify(container),
    },
    StopTimeout: container.terminationGracePeriodSeconds,
    HostConfig: {
      ...common,
      NetworkMode: `container:${infra}`,
      IpcMode: `container:${infra}`,
      Mounts: [
        ...container.mounts.map(({ volume, path, readOnly }) => ({
          Type: "volume" as const,
          Source: volumeName(key, volume),
          Target: path,
          ReadOnly: readOnly,
          // Only the app's image may fill an empty volume; else it would depend on who is made first.
          VolumeOptions: { NoCopy: container.plugin !== undefined },
        })),
        ...kept,
      ],
      ...limits(container.resources),
      ...privileges(container),
      ...(securityContext.readOnlyRootFilesystem === undefined ? {} : { ReadonlyRootfs: securityContext.readOnlyRootFilesystem }),
    },
  };
}

function limits({ requests, limits }: ContainerResources): Partial<ContainerCreation["HostConfig"]> {
  return {
    // Without swap the limit is sharp: going over it is seen at once, as out of memory.
    ...(limits.memory === undefined ? {} : { Memory: limits.memory, MemorySwap: limits.memory }),
    ...(limits.cpu === undefined ? {} : { NanoCpus: limits.cpu * 1_000_000 }),
    ...(requests.memory === undefined ? {} : { MemoryReservation: requests.memory }),
    ...(requests.cpu === undefined ? {} : { CpuShares: Math.max(2, Math.floor((requests.cpu * 1024) / 1000)) }),
  };
}

/** The app keeps the engine's defaults; a plug-in starts from nothing, and gets what is plain and what its manifest adds. */
function privileges({ plugin, securityContext }: Container): Partial<ContainerCreation["HostConfig"]> {
  const { add = [], drop = [] } = securityContext.capabilities ?? {};
  const privileged = securityContext.privileged === true ? { Privileged: true } : {};
  if (plugin === undefined) return { ...privileged, CapAdd: add, CapDrop: drop };
  const kept = plainCapabilities.filter((name) => !drop.includes(name) && !drop.includes("ALL"));
  return { ...privileged, CapDrop: ["ALL"], CapAdd: [...new Set([...kept, ...add])], SecurityOpt: ["no-new-privileges"] };
}

/** A group alone keeps the image's user, which the engine would otherwise replace by root. */
export function userOf(
  { securityContext: { runAsUser, runAsGroup } }: Pick<Container, "securityContext">,
  imageUser: string,
): string | undefined {
  if (runAsUser === undefined && runAsGroup === undefined) return undefined;
  const user = runAsUser ?? (imageUser.split(":")[0] || "0");
  return runAsGroup === undefined ? String(user) : `${user}:${runAsGroup}`;
}

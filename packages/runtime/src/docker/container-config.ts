import { plainCapabilities } from "@outrigger/plugin";
import type { Container, ContainerResources, Pod, PodPort } from "@outrigger/pod";
import { expandCommand, type ResolvedVariable } from "./facts.ts";
import { infraImage } from "./infra-image.ts";
import { frameOf, label, networkName, podLabels, volumeName } from "./names.ts";
import type { ContainerCreation, ImageInspection } from "./types.ts";

// json-file is the driver that every engine can read back and follow; the bounds keep a chatty container from filling the disk.
const common = {
  RestartPolicy: { Name: "no" },
  LogConfig: { Type: "json-file", Config: { "max-size": "16m", "max-file": "3" } },
} as const;

/** The infra container: it holds the pod's network and IPC, and bears the pod as a label. */
export function infraCreation(owner: string, pod: Pod): ContainerCreation {
  const bindings = pod.ports.flatMap((port) => (port.publish === undefined ? [] : [{ inner: innerPort(port), publish: port.publish }]));
  const redirects = pod.ports.some(({ entry }) => entry !== undefined);
  const grouped = Map.groupBy(bindings, ({ inner }) => inner);
  return {
    Image: infraImage,
    // The kernel's limit for a host name is 64 bytes, and a label's is 63.
    Hostname: pod.name.slice(0, 63).replace(/-+$/, ""),
    Labels: { ...podLabels(owner, pod), [label.role]: "infra", [label.pod]: JSON.stringify(frameOf(pod)) },
    ExposedPorts: Object.fromEntries(pod.ports.map((port) => [innerPort(port), {}])),
    HostConfig: {
      ...common,
      NetworkMode: networkName(pod),
      IpcMode: "shareable",
      CapDrop: ["ALL"],
      // To lay the redirections into its own network, which come as a file.
      CapAdd: redirects ? ["NET_ADMIN"] : [],
      ReadonlyRootfs: !redirects,
      SecurityOpt: ["no-new-privileges"],
      PortBindings: Object.fromEntries(
        [...grouped].map(([inner, list]) => [
          inner,
          list.map(({ publish }) => ({ HostIp: publish.address, HostPort: String(publish.port) })),
        ]),
      ),
    },
    NetworkingConfig: { EndpointsConfig: { [networkName(pod)]: { Aliases: [pod.component] } } },
  };
}

/** Where the engine delivers a port's traffic: to the ingress plug-in that has taken it over, else to the port itself. */
function innerPort({ port, entry, protocol }: PodPort): string {
  return `${entry ?? port}/${protocol === "udp" || protocol === "sctp" ? protocol : "tcp"}`;
}

export interface CreationParts {
  readonly owner: string;
  readonly pod: Pod;
  readonly container: Container;
  /** Id of the pod's infra container. */
  readonly infra: string;
  readonly image: Pick<ImageInspection, "Id" | "Config">;
  readonly env: readonly ResolvedVariable[];
}

/** A container of a pod, as the engine wants it described. */
export function containerCreation({ owner, pod, container, infra, image, env }: CreationParts): ContainerCreation {
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
      ...podLabels(owner, pod),
      [label.container]: container.name,
      [label.role]: container.role,
      [label.spec]: JSON.stringify(container),
    },
    StopTimeout: container.terminationGracePeriodSeconds,
    HostConfig: {
      ...common,
      NetworkMode: `container:${infra}`,
      IpcMode: `container:${infra}`,
      Mounts: container.mounts.map(({ volume, path, readOnly }) => ({
        Type: "volume",
        Source: volumeName(pod, volume),
        Target: path,
        ReadOnly: readOnly,
        // Only the app's image may fill an empty volume; else it would depend on who is made first.
        VolumeOptions: { NoCopy: container.plugin !== undefined },
      })),
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
function userOf({ securityContext: { runAsUser, runAsGroup } }: Container, imageUser: string): string | undefined {
  if (runAsUser === undefined && runAsGroup === undefined) return undefined;
  const user = runAsUser ?? (imageUser.split(":")[0] || "0");
  return runAsGroup === undefined ? String(user) : `${user}:${runAsGroup}`;
}

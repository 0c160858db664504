import type { Container, Pod } from "@outrigger/pod";
import { runtimeErrors } from "../../errors.ts";
import type { EngineContext } from "../client/context.ts";
import { hasCode, unlessMissing } from "../client/refusal.ts";
import type { ContainerCreation, ContainerInspection, ContainerSummary } from "../client/types.ts";
import { prepareFiles } from "../files/prepare-files.ts";
import { ensureImage } from "../images/images.ts";
import { ensureInfraImage } from "../traffic/infra-image.ts";
import { containerCreation, infraCreation, userOf } from "./container-config.ts";
import { factsOf, resolveVariables } from "./facts.ts";
import { containerName, infraName, keyOf, networkName, type ReplicaKey } from "./names.ts";
import { ensureNetwork } from "./networks.ts";
import { listPod, type ObservedContainer } from "./observe.ts";
import { checkOwner, ensureVolumes } from "./volumes.ts";

export interface NewInfra {
  readonly id: string;
  /** The host's address in the pod's network. */
  readonly gateway: string;
}

/** Makes the pod's network, volumes and infra container, not started yet. @throws name-taken */
export async function createInfra(context: EngineContext, key: ReplicaKey, pod: Pod): Promise<NewInfra> {
  const [gateway] = await Promise.all([
    ensureNetwork(context, pod),
    ensureVolumes(context, key, pod.volumes),
    context.once("infra image", () => ensureInfraImage(context.client)),
  ]);
  return { id: await create(context, infraName(key), infraCreation(context.owner, key, pod)), gateway };
}

/** Starts the infra container; gives the pod's address. @throws port-taken */
export async function startInfra({ client }: EngineContext, pod: Pod, id: string): Promise<string> {
  try {
    await client.call("POST", `/containers/${id}/start`);
  } catch (error) {
    if (!hasCode(error, "port-taken")) throw error;
    throw (await namePortUser(client, pod, id)) ?? error;
  }
  const { NetworkSettings } = await client.call<ContainerInspection>("GET", `/containers/${id}/json`);
  return NetworkSettings.Networks[networkName(pod)]?.IPAddress ?? "";
}

/** The engine says only that a port is taken; when a container has it, that container is named. */
async function namePortUser(client: EngineContext["client"], pod: Pod, own: string): Promise<Error | undefined> {
  const running = await client.call<readonly ContainerSummary[]>("GET", "/containers/json");
  const published = pod.ports.flatMap(({ publish }) => publish ?? []);
  for (const { Id, Names, Ports } of running) {
    const taken = published.find(({ address, port }) => Ports.some(({ IP, PublicPort }) => PublicPort === port && overlap(IP, address)));
    if (Id === own || taken === undefined) continue;
    const by = `the container ${Names[0]?.slice(1) ?? Id.slice(0, 12)}`;
    return runtimeErrors["port-taken"]({ address: `${taken.address}:${taken.port}`, by });
  }
  return undefined;
}

function overlap(one: string | undefined, other: string): boolean {
  return one === other || one === "0.0.0.0" || other === "0.0.0.0";
}

export interface MakeOptions {
  readonly key: ReplicaKey;
  readonly infra: NewInfra;
  readonly address: () => Promise<string>;
  readonly signal: AbortSignal;
}

/** Makes one container of the pod, not started yet; pulls its image where needed. @throws image-missing, name-taken, container-refused */
export async function createContainer(context: EngineContext, pod: Pod, container: Container, options: MakeOptions): Promise<void> {
  const { key, infra, address, signal } = options;
  const volumes = pod.volumes.filter(({ name }) => container.mounts.some(({ volume }) => volume === name));
  const facts = context.nodeName().then((node) => factsOf(key, node, infra.gateway));
  const [image, env] = await Promise.all([
    ensureImage(context.client, container.image, { credentials: (registry) => context.credentials(pod.team, registry), signal }),
    facts.then((known) => resolveVariables(container.env, { key: keyOf(key), facts: known, address, secret: context.secret })),
    ensureVolumes(context, key, volumes),
  ]);
  const user = /^\d+/.exec(userOf(container, image.Config?.User ?? "") ?? image.Config?.User ?? "")?.[0];
  const kept = await prepareFiles({
    context,
    key,
    container,
    discovery: pod.discovery[container.name],
    user: user === undefined ? undefined : Number(user),
    facts: await facts,
    address,
  });
  signal.throwIfAborted();
  const body = containerCreation({ owner: context.owner, key, container, infra: infra.id, image, env, kept });
  await create(context, containerName(key, container.name), body);
}

/** Makes a container of ours; gives its id. @throws name-taken */
export async function create({ client, owner }: EngineContext, name: string, body: ContainerCreation): Promise<string> {
  try {
    const { Id } = await client.call<{ readonly Id: string }>("POST", "/containers/create", { query: { name }, body });
    return Id;
  } catch (error) {
    if (!hasCode(error, "name-taken")) throw error;
    const holder = await unlessMissing(client.call<ContainerInspection>("GET", `/containers/${name}/json`));
    checkOwner("container", name, holder?.Config.Labels ?? null, owner);
    throw error;
  }
}

/** Ends a container within its grace period and removes it with its anonymous volumes. */
export async function discard(context: EngineContext, container: ObservedContainer): Promise<void> {
  await stop(context, container);
  await removeContainer(context.client, container.id);
}

async function stop({ client }: EngineContext, { id, state, spec }: ObservedContainer): Promise<void> {
  if (state === "created" || state === "exited") return;
  await unlessMissing(client.call("POST", `/containers/${id}/stop`, { query: { t: spec.terminationGracePeriodSeconds } }));
}

export async function removeContainer(client: EngineContext["client"], id: string): Promise<void> {
  try {
    await unlessMissing(client.call("DELETE", `/containers/${id}`, { query: { force: true, v: true } }));
  } catch (error) {
    // 409: someone else is removing it this very moment.
    if (!hasCode(error, "engine-refused") || !/already in progress/.test(String(error))) throw error;
  }
}

/** Ends all containers of a pod at once, each within its grace period; then its network, which they may need until their end. */
export async function tearDown(context: EngineContext, key: ReplicaKey, containers: Iterable<ObservedContainer>): Promise<void> {
  await Promise.all([...containers].map((container) => stop(context, container)));
  // All at once: also the infra container, what was made since it was looked at, and what bears no readable label.
  const left = await listPod(context.client, context.owner, key);
  await Promise.all(left.map(({ Id }) => removeContainer(context.client, Id)));
}

import type { ContainerCreateRequest, EndpointInput, EndpointSettings } from "@outrigger/sdk";
import type { Visit } from "./door.ts";

/** What became of an endpoint, and what the engine can't carry of it. */
export interface ChangedEndpoint {
  readonly settings: EndpointSettings;
  readonly changed: boolean;
  readonly disableResolver: boolean;
  readonly warnings: readonly string[];
}

/** First version of the API whose endpoints have a priority for the default gateway. */
const priorityVersion = 48;

/** Networks that a container can't have an endpoint in. */
const withoutEndpoint = /^(host|none|container:.*)$/;

/** Calls `container.preCreateEndpoint` for each network that the new container joins, in the order of their names. */
export async function createEndpoints(
  visit: Visit,
  body: ContainerCreateRequest,
): Promise<{ readonly body: ContainerCreateRequest; readonly warnings: readonly string[] }> {
  if (!visit.dispatcher.wants("container.preCreateEndpoint") || body.NetworkDisabled === true) return { body, warnings: [] };
  const given = withUsualName(body.NetworkingConfig?.EndpointsConfig ?? {});
  const endpoints: Record<string, EndpointSettings | null> = { ...given };
  const warnings: string[] = [];
  let [any, noResolver] = [false, false];
  for (const network of networksOf(body)) {
    const { settings, changed, disableResolver, warnings: said } = await changeEndpoint(visit, network, given[network] ?? {});
    warnings.push(...said);
    noResolver ||= disableResolver;
    if (!changed) continue;
    any = true;
    endpoints[network] = settings;
  }
  const joined = any
    ? { ...body, NetworkingConfig: { ...body.NetworkingConfig, EndpointsConfig: endpoints as Readonly<Record<string, EndpointSettings>> } }
    : body;
  return { body: noResolver ? withoutResolver(joined) : joined, warnings };
}

/** Those that are named, and the one that the network mode implies. */
function networksOf({ HostConfig, NetworkingConfig }: ContainerCreateRequest): readonly string[] {
  const implied = HostConfig?.NetworkMode || "default";
  const named = Object.keys(NetworkingConfig?.EndpointsConfig ?? {});
  return [...new Set([...named, implied].map(usualName))].filter((name) => !withoutEndpoint.test(name)).sort();
}

/** `default` is what clients call the engine's own bridge. */
function usualName(network: string): string {
  return network === "default" ? "bridge" : network;
}

function withUsualName<Value>(endpoints: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(endpoints).map(([network, endpoint]) => [usualName(network), endpoint]));
}

/** Calls `container.preCreateEndpoint` for one network. */
export async function changeEndpoint({ dispatcher, call }: Visit, network: string, given: EndpointSettings): Promise<ChangedEndpoint> {
  const { GwPriority, DriverOpts, ...others } = given;
  const input: EndpointInput = {
    priority: GwPriority == null ? null : Number(GwPriority),
    disableResolver: false,
    parameters: DriverOpts ?? {},
    settings: others,
  };
  const changed = await dispatcher.change("container.preCreateEndpoint", input, { ...call, network });
  if (changed.input === input) return { settings: given, changed: false, disableResolver: false, warnings: changed.warnings };
  const { priority, disableResolver, parameters, settings } = changed.input;
  const carried = priority === null || carriesPriority(call.apiVersion);
  const lost = `${changed.changedBy.join(", ")}: this engine's endpoints have no priority, so ${network} keeps its own`;
  return {
    settings: {
      ...settings,
      ...(priority !== null && carried ? { GwPriority: priority } : {}),
      ...(Object.keys(parameters).length > 0 || DriverOpts != null ? { DriverOpts: parameters } : {}),
    },
    changed: true,
    disableResolver,
    warnings: carried ? changed.warnings : [...changed.warnings, lost],
  };
}

function carriesPriority(apiVersion: string | null): boolean {
  const [major = 0, minor = 0] = (apiVersion ?? "").split(".").map(Number);
  return major > 1 || (major === 1 && minor >= priorityVersion);
}

/** The engine has no switch for its resolver; the host's own resolv.conf in its place does the same. */
function withoutResolver(body: ContainerCreateRequest): ContainerCreateRequest {
  const bind = "/etc/resolv.conf:/etc/resolv.conf:ro";
  return { ...body, HostConfig: { ...body.HostConfig, Binds: [...(body.HostConfig?.Binds ?? []), bind] } };
}

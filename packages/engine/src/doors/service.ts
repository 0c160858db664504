import type { ContainerCreateRequest, ServiceSpec } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { GatewayResponse } from "../gateway/exchange.ts";
import { withWarnings } from "./answers.ts";
import type { Door, Visit } from "./door.ts";
import { type FieldMap, viewOf, writeView } from "./field-map.ts";
import { readBody } from "./json-body.ts";
import { checkQuery } from "./query.ts";
import { changeMounts } from "./volumes.ts";

const container = "TaskTemplate.ContainerSpec";

/** A service's tasks as a create body. */
const fields: FieldMap = {
  Image: `${container}.Image`,
  Entrypoint: `${container}.Command`,
  Cmd: `${container}.Args`,
  Env: `${container}.Env`,
  Labels: `${container}.Labels`,
  Hostname: `${container}.Hostname`,
  User: `${container}.User`,
  WorkingDir: `${container}.Dir`,
  Tty: `${container}.TTY`,
  OpenStdin: `${container}.OpenStdin`,
  StopSignal: `${container}.StopSignal`,
  Healthcheck: `${container}.HealthCheck`,
  "HostConfig.GroupAdd": `${container}.Groups`,
  "HostConfig.ReadonlyRootfs": `${container}.ReadOnly`,
  "HostConfig.Mounts": `${container}.Mounts`,
  "HostConfig.Init": `${container}.Init`,
  "HostConfig.Isolation": `${container}.Isolation`,
  "HostConfig.Sysctls": `${container}.Sysctls`,
  "HostConfig.CapAdd": `${container}.CapabilityAdd`,
  "HostConfig.CapDrop": `${container}.CapabilityDrop`,
  "HostConfig.Ulimits": `${container}.Ulimits`,
  "HostConfig.OomScoreAdj": `${container}.OomScoreAdj`,
  "HostConfig.Dns": `${container}.DNSConfig.Nameservers`,
  "HostConfig.DnsSearch": `${container}.DNSConfig.Search`,
  "HostConfig.DnsOptions": `${container}.DNSConfig.Options`,
  "HostConfig.NanoCpus": "TaskTemplate.Resources.Limits.NanoCPUs",
  "HostConfig.Memory": "TaskTemplate.Resources.Limits.MemoryBytes",
  "HostConfig.PidsLimit": "TaskTemplate.Resources.Limits.Pids",
  "HostConfig.MemoryReservation": "TaskTemplate.Resources.Reservations.MemoryBytes",
  "HostConfig.LogConfig.Type": "TaskTemplate.LogDriver.Name",
  "HostConfig.LogConfig.Config": "TaskTemplate.LogDriver.Options",
};

/** POST /services/create and /services/{id}/update: what the service's containers will be made of. */
export const service: Door = {
  wants: (dispatcher) => dispatcher.wants("container.preCreate", { door: "service" }) || dispatcher.wants("volume.preCreate"),
  handle,
};

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, dispatcher, call } = visit;
  checkQuery(request.target);
  const body = await readBody<ServiceSpec>(request, "ServiceSpec", visit.bodyLimit);
  const spec = body.value;
  const strange = spec.TaskTemplate?.Runtime;
  if (strange != null && strange !== "" && strange !== "container") {
    throw engineErrors["door-not-judged"]({ reason: `the service's tasks are no containers, but of the runtime ${String(strange)}` });
  }
  const given = { name: spec.Name ?? null, platform: null, body: viewOf(spec, fields) };
  const seen = { ...given, body: withHostAccess(given.body, spec, await hostNetwork(visit)) };
  const changed = await dispatcher.change("container.preCreate", seen, { ...call, door: "service" });
  const by = { plugin: changed.changedBy.join(", "), door: "a service" };
  if (changed.input.name !== seen.name) throw engineErrors["door-cannot-carry"]({ ...by, field: "name" });
  const warnings = [...changed.warnings];
  const mounts = changed.input.body.HostConfig?.Mounts ?? [];
  const mounted = dispatcher.wants("volume.preCreate") ? await changeMounts(visit, mounts, warnings) : mounts;
  const view =
    mounted === mounts ? changed.input.body : { ...changed.input.body, HostConfig: { ...changed.input.body.HostConfig, Mounts: mounted } };
  const after = writeView(spec, fields, seen.body, view, by);
  return withWarnings(await visit.forward(body.write(after)), warnings);
}

/** Adds what a service says in other forms than a container: its part in the host's network, and security switched off. To be seen, not changed. */
function withHostAccess(
  view: ContainerCreateRequest,
  { TaskTemplate, Networks }: ServiceSpec,
  hostNames: readonly string[],
): ContainerCreateRequest {
  const networks = [...(TaskTemplate?.Networks ?? []), ...(Networks ?? [])];
  const { Seccomp, AppArmor, SELinuxContext, CredentialSpec } = TaskTemplate?.ContainerSpec?.Privileges ?? {};
  const options = [
    ...(Seccomp?.Mode && Seccomp.Mode !== "default" ? [`seccomp=${Seccomp.Mode}`] : []),
    ...(AppArmor?.Mode && AppArmor.Mode !== "default" ? ["apparmor=unconfined"] : []),
    ...(SELinuxContext?.Disable === true ? ["label=disable"] : []),
    ...(CredentialSpec ? ["credentialspec"] : []),
  ];
  const host = {
    ...(networks.some(({ Target }) => hostNames.includes(Target ?? "")) ? { NetworkMode: "host" } : {}),
    ...(options.length === 0 ? {} : { SecurityOpt: options }),
  };
  return Object.keys(host).length === 0 ? view : { ...view, HostConfig: { ...view.HostConfig, ...host } };
}

/** What the host's network is called: clients send its id. */
async function hostNetwork({ engine, call }: Visit): Promise<readonly string[]> {
  const found = await engine.find<{ readonly Id: string }>({ path: "/networks/host", signal: call.signal });
  return found === undefined ? ["host"] : ["host", found.Id];
}

import type { Component, PlainProblem, PodPluginSpec, ValueScope } from "@outrigger/plugin";
import type { ComposeInput, Composition, PodInstallation } from "./compose-input.ts";
import { reportConflicts } from "./conflicts.ts";
import { discoveryDocument } from "./discovery.ts";
import { appMounts, pluginMounts, podVolumes } from "./mounts.ts";
import { orderPlugins, type Placed, roleOf } from "./order.ts";
import { ownVariables, resolveValues } from "./plugin-values.ts";
import type { Container, DiscoveryDocument, Pod, Variable } from "./pod.ts";
import { layHops, podPorts } from "./ports.ts";
import { resolveResources } from "./resources.ts";
import { byName, expandShared, mergeVariables, type Report, toVariable } from "./variables.ts";

/**
 * Composes a component and its installations into a pod (docs/composing.md). Pure and total: equal input gives equal pods, byte for byte, and bad
 * input gives problems, all at once.
 */
export function compose(input: ComposeInput): Composition {
  const problems: PlainProblem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const placed = input.installations
    .map((installation, index) => ({ installation, index }))
    .filter(({ installation }) => installation.enabled);
  reportConflicts(input, placed, report);
  const ordered = orderPlugins(placed, report);
  const pod = composePod(input, ordered, report);
  return problems.length === 0 ? { ok: true, pod } : { ok: false, problems };
}

function composePod(input: ComposeInput, ordered: readonly Placed[], report: Report): Pod {
  const { component } = input;
  const shared = expandShared(component.env, report);
  const sharedList = [...shared].map(([name, value]) => toVariable(name, value)).sort(byName);
  const hops = layHops(component, ordered);
  const scope: ValueScope = { ports: component.ports, downstream: input.downstream };
  const discovery: [string, DiscoveryDocument][] = [];
  const installations = ordered.map(({ installation }) => installation);
  const plugins = ordered.map((place) => {
    const settings = resolveValues(place.installation, scope, shared, ["plugins", place.index], report);
    const document = discoveryDocument(input, place.installation, settings, hops.get(place.installation.plugin));
    if (document !== undefined) discovery.push([place.installation.plugin, document]);
    return pluginContainer(component, place, mergeVariables(sharedList, ownVariables(settings)), report);
  });
  const app = appContainer(input, installations, sharedList, report);
  return {
    name: `${input.application}-${component.name}`,
    team: input.team,
    application: input.application,
    component: component.name,
    containers: [...plugins.filter(({ role }) => role !== "sidecar"), app, ...plugins.filter(({ role }) => role === "sidecar")],
    volumes: podVolumes(component, installations),
    ports: podPorts(component, hops),
    dependsOn: component.dependsOn,
    discovery: Object.fromEntries(discovery),
  };
}

function pluginContainer(component: Component, { installation, index }: Placed, env: readonly Variable[], report: Report): Container {
  const path = ["plugins", index];
  const body = installation.spec.pod;
  return {
    name: installation.plugin,
    role: roleOf(body.type),
    plugin: { name: installation.plugin, version: installation.version, type: body.type },
    image: installation.image,
    ...processOf(body),
    env,
    mounts: pluginMounts(component, installation, path, report),
    resources: resolveResources(body.resources, installation.resources, path, report),
    ...probesOf(body),
    securityContext: body.securityContext,
    terminationGracePeriodSeconds: body.terminationGracePeriodSeconds,
  };
}

function appContainer(input: ComposeInput, installations: readonly PodInstallation[], env: readonly Variable[], report: Report): Container {
  const { component } = input;
  const image = input.image ?? component.image;
  if (image === undefined) {
    report({
      path: ["build"],
      code: "value-required",
      message: `The image of ${component.name} has not been built yet.`,
      hint: "Build it first.",
    });
  }
  return {
    name: component.name,
    role: "app",
    image: image ?? "",
    ...processOf(component),
    env,
    mounts: appMounts(component, installations, report),
    resources: resolveResources(component.resources, undefined, [], report),
    ...probesOf(component),
    securityContext: component.securityContext,
    terminationGracePeriodSeconds: component.terminationGracePeriodSeconds,
  };
}

function processOf({ command, args, workingDir }: Component | PodPluginSpec["pod"]): Pick<Container, "command" | "args" | "workingDir"> {
  return { ...(command && { command }), ...(args && { args }), ...(workingDir && { workingDir }) };
}

function probesOf({
  readiness,
  liveness,
  startup,
}: Component | PodPluginSpec["pod"]): Pick<Container, "readiness" | "liveness" | "startup"> {
  return { ...(readiness && { readiness }), ...(liveness && { liveness }), ...(startup && { startup }) };
}

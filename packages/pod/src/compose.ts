import type { Component, PlainProblem, PodPluginSpec, ValueScope } from "@outrigger/plugin";
import type { ComposeInput, Composition, PodInstallation } from "./compose-input.ts";
import { reportConflicts } from "./conflicts.ts";
import { configFiles, discoveryOf, usesDiscovery } from "./discovery.ts";
import { discoveryVariables } from "./discovery-variables.ts";
import { appVariables, podExports } from "./exports.ts";
import { appMounts, pluginMounts, podVolumes } from "./mounts.ts";
import { orderPlugins, type Placed, roleOf } from "./order.ts";
import { ownVariables, resolveValues } from "./plugin-values.ts";
import type { Container, Discovery, Pod, Variable } from "./pod.ts";
import { layWays, podDetours, podPorts } from "./ports.ts";
import { variableName } from "./render-file.ts";
import { resolveResources } from "./resources.ts";
import { byName, expandShared, mergeVariables, type Report, type SharedVariables, toVariable } from "./variables.ts";

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
  const env = input.downstream.length === 0 ? component.env : { ...connectionVariables(input), ...component.env };
  const shared = expandShared(env, report);
  const sharedList = variableList(shared);
  const ways = layWays(input, ordered);
  const scope: ValueScope = { ports: component.ports, downstream: input.downstream };
  const discovery: [string, Discovery][] = [];
  const installations = ordered.map(({ installation }) => installation);
  const plugins = ordered.map((place) => {
    const settings = resolveValues(place.installation, scope, shared, ["plugins", place.index], report);
    const live = discoveryOf(input, place.installation, settings, ways);
    if (live !== undefined) discovery.push([place.installation.plugin, live]);
    const own = ownVariables(settings);
    const usual = live === undefined ? [] : discoveryVariables(input, place.installation);
    const all = usual.length === 0 ? own : [...usual.filter(({ name }) => !own.some((each) => each.name === name)), ...own];
    return pluginContainer(component, place, mergeVariables(sharedList, all), report);
  });
  const appShared = appVariables(component, shared, ordered, report);
  const app = appContainer(input, installations, appShared === shared ? sharedList : variableList(appShared), report);
  return {
    name: `${input.application}-${component.name}`,
    team: input.team,
    application: input.application,
    component: component.name,
    replicas: component.replicas,
    containers: [...plugins.filter(({ role }) => role !== "sidecar"), app, ...plugins.filter(({ role }) => role === "sidecar")],
    volumes: podVolumes(component, installations),
    ports: podPorts(component, ways),
    detours: podDetours(input, ways, ordered),
    exports: podExports(ordered),
    dependsOn: component.dependsOn,
    discovery: Object.fromEntries(discovery),
  };
}

/** For each dependency its name and its first port, as `API_HOST` and `API_PORT`; the component's own variables of these names win. */
function connectionVariables({ downstream }: ComposeInput): Readonly<Record<string, string>> {
  return Object.fromEntries(
    downstream.flatMap(({ component, ports: [first] }) => {
      const name = variableName(component);
      return [[`${name}_HOST`, component], ...(first === undefined ? [] : [[`${name}_PORT`, String(first.port)]])];
    }),
  );
}

function variableList(variables: SharedVariables): readonly Variable[] {
  return [...variables].map(([name, value]) => toVariable(name, value)).sort(byName);
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
    ...(installation.spec.pod.files.length === 0 && !usesDiscovery(installation) ? {} : fileDirectoriesOf(installation)),
    resources: resolveResources(body.resources, installation.resources, path, report),
    ...probesOf(body),
    securityContext: body.securityContext,
    terminationGracePeriodSeconds: body.terminationGracePeriodSeconds,
  };
}

function fileDirectoriesOf(installation: PodInstallation): Pick<Container, "fileDirectories"> {
  const directories = new Set(configFiles(installation).map(({ path }) => path.slice(0, path.lastIndexOf("/"))));
  // One within another would hide its files.
  const outermost = [...directories].filter((one) => ![...directories].some((other) => one.startsWith(`${other}/`)));
  return outermost.length === 0 ? {} : { fileDirectories: outermost.sort() };
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

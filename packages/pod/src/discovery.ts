import { type ConfigFile, formatOf } from "@outrigger/plugin";
import type { ComposeInput, PodInstallation } from "./compose-input.ts";
import { isSecret, type ResolvedSettings, type ResolvedValue } from "./plugin-values.ts";
import type {
  Discovery,
  DiscoveryDocument,
  DiscoveryEndpoint,
  DiscoveryFile,
  DiscoveryOption,
  DiscoveryOptions,
  DiscoveryPort,
  DiscoveryService,
} from "./pod.ts";
import { type Hop, type Ways, wayKey } from "./ports.ts";

/** A plug-in's live settings, or undefined when none of its groups is injected that way. */
export function discoveryOf(
  input: ComposeInput,
  installation: PodInstallation,
  settings: readonly ResolvedSettings[],
  ways: Ways,
): Discovery | undefined {
  if (!usesDiscovery(installation)) return undefined;
  const served = settings.filter(({ group }) => group.inject === "discovery");
  const document = (part: readonly ResolvedSettings[]): DiscoveryDocument => documentOf(input, installation, part, ways);
  return {
    revision: installation.revision,
    document: document(served),
    files: configFiles(installation).map(
      (file): DiscoveryFile => ({ ...file, document: document(served.filter(({ group }) => group.file === file.path)) }),
    ),
  };
}

/** Whether any of the plug-in's settings come by discovery. */
export function usesDiscovery({ spec }: PodInstallation): boolean {
  return spec.config.some((group) => group.inject === "discovery");
}

/** The files that are kept for the plug-in: those it describes, and those that a group merely names. */
export function configFiles({ spec }: PodInstallation): readonly ConfigFile[] {
  const described = new Set(spec.pod.files.map(({ path }) => path));
  const named = new Set(spec.config.flatMap(({ file }) => (file === undefined || described.has(file) ? [] : [file])));
  return [...spec.pod.files, ...[...named].map((path): ConfigFile => ({ path, format: formatOf(path), mode: "0644" }))];
}

/** Who a component is, among all that one discovery serves; the first part of its path. */
export function namespaceOf({ team, application }: Pick<ComposeInput, "team" | "application">): string {
  return `${team}.${application}`;
}

function documentOf(
  input: ComposeInput,
  { plugin }: PodInstallation,
  settings: readonly ResolvedSettings[],
  ways: Ways,
): DiscoveryDocument {
  const alias = input.component.name;
  const own = { service_alias: alias, service_id: serviceId(input, alias) };
  const ports: DiscoveryPort[] = [];
  const services: DiscoveryService[] = [];
  let normal: DiscoveryOptions = {};
  for (const { group, port: scoped, options } of settings) {
    const texts = Object.fromEntries(options.map(([name, value]) => [name, optionOf(value)]));
    if (scoped === undefined) {
      normal = { ...normal, ...texts };
      continue;
    }
    const { port, protocol } = scoped.port;
    if (group.dependsOn === "port") {
      const hop = hopOf(ways.ingress.get(port), plugin);
      const target = { port: hop?.next ?? port, listen_port: hop?.listen ?? port, origin_port: port };
      ports.push({ ...own, ...target, protocol, options: texts });
    } else {
      const depend = scoped.component ?? "";
      const hop = hopOf(ways.egress.get(wayKey({ component: depend }, { port })), plugin);
      services.push({
        ...own,
        depend_service_alias: depend,
        depend_service_id: serviceId(input, depend),
        port,
        listen_port: hop?.listen ?? port,
        protocol,
        endpoints: hop?.next === undefined ? endpointsOf(input, depend, port) : [nextPlugin(input, hop.next)],
        options: texts,
      });
    }
  }
  return {
    base_ports: merged(ports, (port) => port.origin_port),
    base_services: merged(services, wayOf),
    base_normal: { options: normal },
  };
}

function wayOf({ depend_service_alias, port }: DiscoveryService): string {
  return `${depend_service_alias}:${port}`;
}

/** Several groups may be about the same ports; a port stands in the document once. */
function merged<Entry extends { readonly options: DiscoveryOptions }>(list: readonly Entry[], keyOf: (entry: Entry) => unknown): Entry[] {
  const byKey = new Map<unknown, Entry>();
  for (const entry of list) {
    const known = byKey.get(keyOf(entry));
    byKey.set(keyOf(entry), known === undefined ? entry : { ...known, options: { ...known.options, ...entry.options } });
  }
  return [...byKey.values()];
}

function hopOf(hops: readonly Hop[] | undefined, plugin: string): Hop | undefined {
  return hops?.find((hop) => hop.plugin === plugin);
}

function endpointsOf({ downstream }: ComposeInput, component: string, port: number): readonly DiscoveryEndpoint[] {
  const endpoints = downstream.find((dependency) => dependency.component === component)?.endpoints ?? [];
  return endpoints.map(({ pod, replica, address, ready }) => ({ pod, replica, address, port, ready }));
}

function nextPlugin({ application, component }: ComposeInput, port: number): DiscoveryEndpoint {
  return { pod: `${application}-${component.name}`, replica: 0, address: "127.0.0.1", port, ready: true };
}

function serviceId(input: ComposeInput, component: string): string {
  return `${namespaceOf(input)}.${component}`;
}

function optionOf(value: ResolvedValue): DiscoveryOption {
  return isSecret(value) ? { secret: value } : value;
}

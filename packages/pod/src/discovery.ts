import type { ComposeInput, PodInstallation } from "./compose-input.ts";
import { isSecret, type ResolvedSettings, type ResolvedValue } from "./plugin-values.ts";
import type { DiscoveryDocument, DiscoveryOptions, DiscoveryPort, DiscoveryService } from "./pod.ts";
import type { Hop } from "./ports.ts";

/** What discovery serves to a plug-in, or undefined when none of its groups is injected that way. */
export function discoveryDocument(
  input: ComposeInput,
  installation: PodInstallation,
  settings: readonly ResolvedSettings[],
  hops: ReadonlyMap<number, Hop> | undefined,
): DiscoveryDocument | undefined {
  const served = settings.filter(({ group }) => group.inject === "discovery");
  if (served.length === 0 && !installation.spec.config.some((group) => group.inject === "discovery")) return undefined;
  const alias = input.component.name;
  const ports: DiscoveryPort[] = [];
  const services: DiscoveryService[] = [];
  let normal: DiscoveryOptions = {};
  for (const { group, port, options } of served) {
    const texts = Object.fromEntries(options.map(([name, value]) => [name, optionText(value)]));
    if (port === undefined) normal = { ...normal, ...texts };
    else if (group.dependsOn === "port") {
      const hop = hops?.get(port.port.port);
      ports.push({
        service_alias: alias,
        service_id: serviceId(input, alias),
        port: hop?.target ?? port.port.port,
        listen_port: hop?.listen ?? port.port.port,
        protocol: port.port.protocol,
        options: texts,
      });
    } else {
      const target = port.component ?? "";
      services.push({
        service_alias: alias,
        service_id: serviceId(input, alias),
        depend_service_alias: target,
        depend_service_id: serviceId(input, target),
        port: port.port.port,
        protocol: port.port.protocol,
        options: texts,
      });
    }
  }
  return { base_ports: ports, base_services: services, base_normal: { options: normal } };
}

function serviceId(input: ComposeInput, component: string): string {
  return `${input.team}.${input.application}.${component}`;
}

/** Facts stay as `${pod.ip}`: whoever serves the document knows the pod. */
function optionText(value: ResolvedValue): DiscoveryOptions[string] {
  if (typeof value === "string") return value;
  if (isSecret(value)) return { secret: value };
  return value.map((part) => (typeof part === "string" ? part : `\${${part.fact}}`)).join("");
}

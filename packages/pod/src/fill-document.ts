import type { DiscoveryDocument, DiscoveryOption, DiscoveryOptions, PodFact, SettingSecret } from "./pod.ts";

/** Where the texts come from that only the server or the running pod knows. */
export interface DocumentSources {
  readonly secret: (secret: SettingSecret) => Promise<string>;
  readonly fact: (fact: PodFact) => string | Promise<string>;
}

/** Fills in secrets and facts. */
export async function fillDocument(document: DiscoveryDocument, sources: DocumentSources): Promise<DiscoveryDocument<string>> {
  const fill = async (options: DiscoveryOptions): Promise<DiscoveryOptions<string>> =>
    Object.fromEntries(
      await Promise.all(Object.entries(options).map(async ([name, option]) => [name, await fillOption(option, sources)] as const)),
    );
  const [ports, services, options] = await Promise.all([
    Promise.all(document.base_ports.map(async (port) => ({ ...port, options: await fill(port.options) }))),
    Promise.all(document.base_services.map(async (service) => ({ ...service, options: await fill(service.options) }))),
    fill(document.base_normal.options),
  ]);
  return { base_ports: ports, base_services: services, base_normal: { options } };
}

async function fillOption(option: DiscoveryOption, { secret, fact }: DocumentSources): Promise<string> {
  if (typeof option === "string") return option;
  if ("secret" in option) return secret(option.secret);
  const texts = await Promise.all(option.map((part) => (typeof part === "string" ? part : fact(part.fact))));
  return texts.join("");
}

/** True where the document is another one in each pod. */
export function hasFacts(document: DiscoveryDocument): boolean {
  const options = [document.base_normal, ...document.base_ports, ...document.base_services].flatMap((part) => Object.values(part.options));
  return options.some((option) => Array.isArray(option));
}

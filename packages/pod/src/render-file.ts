import { type ConfigFile, fillTemplate } from "@outrigger/plugin";
import { stringify } from "yaml";
import type { DiscoveryDocument } from "./pod.ts";

/**
 * The text of a kept file. `env` has the options of base_normal as `NAME=text`, those of a port as `PORT_8080_NAME=text`, those of a dependency's
 * port as `API_5000_NAME=text`, with the text in single quotes where a shell would need it.
 *
 * @throws Error where a template asks for what can't be done
 */
export function renderFile({ format, template }: Pick<ConfigFile, "format" | "template">, document: DiscoveryDocument<string>): string {
  switch (format) {
    case "template":
      return fillTemplate(template ?? "", document);
    case "yaml":
      return stringify(document);
    case "env":
      return environment(document);
    default:
      return `${JSON.stringify(document, undefined, 2)}\n`;
  }
}

function environment(document: DiscoveryDocument<string>): string {
  const lines = (prefix: string, options: Readonly<Record<string, string>>): string[] =>
    Object.entries(options).map(([name, text]) => `${prefix}${name}=${quoted(text)}\n`);
  return [
    ...lines("", document.base_normal.options),
    ...document.base_ports.flatMap((port) => lines(`PORT_${port.origin_port}_`, port.options)),
    ...document.base_services.flatMap((service) =>
      lines(`${variableName(service.depend_service_alias)}_${service.port}_`, service.options),
    ),
  ].join("");
}

/** A component's name as a part of a variable's name: `my-api` is `MY_API`. */
export function variableName(component: string): string {
  return component.toUpperCase().replaceAll("-", "_");
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  appliesTo,
  type ConfigFile,
  type ConfigGroup,
  type ConfigValue,
  checkValues,
  type PodPluginSpec,
  type Protocol,
  readPluginManifest,
  valueToText,
} from "@outrigger/plugin";
import type { DiscoveryDocument, DiscoveryEndpoint, DiscoveryOptions, DiscoveryPort, DiscoveryService } from "@outrigger/pod";

export type GatewayName = "ingress-gateway" | "egress-gateway" | "traffic-gateway";
export type Values = Readonly<Record<string, ConfigValue>>;

/** What a gateway's plugin.yaml says, with the template in place of its file. */
export function gatewaySpec(name: GatewayName): PodPluginSpec {
  const folder = join(import.meta.dirname, "..", "..", name);
  const reading = readPluginManifest(readFileSync(join(folder, "plugin.yaml"), "utf8"), name);
  assert.ok(reading.ok, JSON.stringify(reading));
  const { spec } = reading.value.value;
  assert.ok(spec.layer === "pod");
  const files = spec.pod.files.map(({ templateFile = "", ...file }): ConfigFile => {
    return { ...file, template: readFileSync(join(folder, templateFile), "utf8") };
  });
  return { ...spec, pod: { ...spec.pod, files } };
}

/** The only file that a gateway keeps. */
export function gatewayFile(spec: PodPluginSpec): ConfigFile {
  const [file] = spec.pod.files;
  assert.ok(file !== undefined);
  return file;
}

/** One of a gateway's groups. */
export function groupOf(spec: PodPluginSpec, name: string): ConfigGroup {
  const group = spec.config.find((each) => each.group === name);
  assert.ok(group !== undefined);
  return group;
}

/** What discovery would serve for these values and the defaults; values that the platform would refuse are a failure. */
export function optionsOf(group: ConfigGroup, protocol: Protocol, values: Values): DiscoveryOptions<string> {
  const port = { port: 80, protocol };
  assert.deepEqual(problemsOf(group, protocol, values), []);
  return Object.fromEntries(
    group.items.flatMap((item) => {
      const value = values[item.name] ?? item.default;
      return value === undefined || !appliesTo(item, port) ? [] : [[item.name, valueToText(value)]];
    }),
  );
}

/** What the platform would say of these values. */
export function problemsOf(group: ConfigGroup, protocol: Protocol, values: Values): readonly string[] {
  const port = { port: 80, protocol };
  const key = group.dependsOn === "port" ? "80" : "api:80";
  const scope = { ports: [port], downstream: [{ component: "api", ports: [port] }] };
  return checkValues([group], { [group.group]: { [key]: values } }, scope).map(({ message }) => message);
}

/** The component `web` listens on `port`; callers know 80. */
export function portEntry(
  spec: PodPluginSpec,
  listen: number,
  port: number,
  values: Values = {},
  protocol: Protocol = "http",
  origin = 80,
): DiscoveryPort<string> {
  const options = optionsOf(groupOf(spec, "ports"), protocol, values);
  return { service_alias: "web", service_id: "t.a.web", port, listen_port: listen, origin_port: origin, protocol, options };
}

/** `web` depends on port 80 of `component`, whose replicas listen on `ports` of loopback. */
export function serviceEntry(
  spec: PodPluginSpec,
  listen: number,
  ports: readonly number[],
  values: Values = {},
  protocol: Protocol = "http",
  component = "api",
): DiscoveryService<string> {
  return {
    service_alias: "web",
    service_id: "t.a.web",
    depend_service_alias: component,
    depend_service_id: `t.a.${component}`,
    port: 80,
    listen_port: listen,
    protocol,
    endpoints: ports.map(
      (port, replica): DiscoveryEndpoint => ({ pod: `a-${component}-${replica}`, replica, address: "127.0.0.1", port, ready: true }),
    ),
    options: optionsOf(groupOf(spec, "dependencies"), protocol, values),
  };
}

export function documentOf(
  ports: readonly DiscoveryPort<string>[],
  services: readonly DiscoveryService<string>[],
  options: DiscoveryOptions<string>,
): DiscoveryDocument<string> {
  return { base_ports: ports, base_services: services, base_normal: { options } };
}

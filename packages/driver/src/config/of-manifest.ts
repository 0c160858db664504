import { type ConfigItem, type DriverPluginManifest, driverSocket, valueToText } from "@outrigger/plugin";
import type { EnvConfig, PluginConfig } from "./plugin-config.ts";

/** What an image says of how it is run; a plugin.yaml that says nothing takes it over. */
export interface ImageDefaults {
  readonly entrypoint: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly workdir: string;
}

/**
 * The configuration of a plugin.yaml. Its settings become variables that can be set, without those that are fixed; secrets have no value until they are set.
 * The manifest itself, with every default, stands under `Outrigger`.
 */
export function configOfManifest(manifest: DriverPluginManifest, image?: ImageDefaults): PluginConfig {
  const { metadata, spec } = manifest;
  const body = spec.driver;
  const settable = (can: boolean, field: string): readonly string[] | null => (can ? [field] : null);
  const items = spec.config.flatMap((group) => group.items);
  const names = items.map(({ name }) => name);
  const env = [...imageVariables(image?.env ?? [], names), ...items.map(variable)];
  const entrypoint = body.entrypoint ?? image?.entrypoint ?? [];
  return {
    Args: {
      Name: body.args?.name ?? "",
      Description: body.args?.description ?? "",
      Settable: settable(body.args?.settable === true, "value"),
      Value: body.args?.value ?? null,
    },
    Description: metadata.description ?? metadata.displayName ?? "",
    Documentation: body.documentation ?? "",
    Entrypoint: entrypoint.length === 0 ? null : entrypoint,
    Env: env.length === 0 ? null : env,
    Interface: { Types: body.interfaces, Socket: driverSocket(metadata.name, body) },
    IpcHost: body.ipcHost,
    Linux: {
      Capabilities: body.capabilities.length === 0 ? null : body.capabilities,
      AllowAllDevices: body.allowAllDevices,
      Devices:
        body.devices.length === 0
          ? null
          : body.devices.map(({ name, path, settable: can, description }) => ({
              Name: name,
              Description: description ?? "",
              Settable: settable(can, "path"),
              Path: path ?? null,
            })),
    },
    Mounts:
      body.mounts.length === 0
        ? null
        : body.mounts.map(({ name, source, destination, type, options, settable: can, description }) => ({
            Name: name,
            Description: description ?? "",
            Settable: settable(can, "source"),
            Source: source ?? null,
            Destination: destination,
            Type: type,
            Options: options ?? (type === "bind" ? ["rbind"] : null),
          })),
    // For an engine `none` is a network to ask for; nothing at all means the same and asks for nothing.
    Network: { Type: body.network === "host" ? "host" : "" },
    PidHost: body.pidHost,
    PropagatedMount: body.propagatedMount ?? "",
    User: {},
    WorkDir: body.workdir ?? image?.workdir ?? "",
    Outrigger: manifest,
  };
}

function variable(item: ConfigItem): EnvConfig {
  return {
    Name: item.name,
    Description: item.description ?? "",
    Settable: item.editable ? ["value"] : null,
    Value: item.default === undefined ? null : valueToText(item.default),
  };
}

/** An image's variables, but for those that the author names, and the path, which an engine sets itself in the same words as a rule. */
export function imageVariables(env: readonly string[], named: readonly string[]): readonly EnvConfig[] {
  return env.flatMap((entry) => {
    const [name = "", ...rest] = entry.split("=");
    const value = rest.join("=");
    const usual = name === "PATH" && value === "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    return usual || named.includes(name) ? [] : [{ Name: name, Description: "", Settable: null, Value: value }];
  });
}

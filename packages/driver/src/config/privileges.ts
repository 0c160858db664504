import { asRecord } from "@outrigger/plugin";
import { driverErrors } from "../errors.ts";
import type { PluginConfig, PluginPrivilege } from "./plugin-config.ts";

/**
 * What a plug-in asks for beyond a plain container: names, descriptions and order as Docker Engine computes them (moby `daemon/pkg/plugin/backend_linux.go`,
 * `computePrivileges`; measured on 20.10). Variables, the user, the propagated mount and mounts without a source are none.
 */
export function privilegesOfConfig(config: PluginConfig): readonly PluginPrivilege[] {
  const { Type: network } = config.Network;
  return [
    // "none" counts: it is one more network than nothing to the engine.
    ...(["", "bridge", "null"].includes(network) ? [] : [privilege("network", "permissions to access a network", network)]),
    ...(config.IpcHost ? [privilege("host ipc namespace", "allow access to host ipc namespace", "true")] : []),
    ...(config.PidHost ? [privilege("host pid namespace", "allow access to host pid namespace", "true")] : []),
    ...(config.Mounts ?? []).flatMap(({ Source }) => (Source === null ? [] : [privilege("mount", "host path to mount", Source)])),
    ...(config.Linux.Devices ?? []).flatMap(({ Path }) => (Path === null ? [] : [privilege("device", "host device to access", Path)])),
    ...(config.Linux.AllowAllDevices ? [privilege("allow-all-devices", "allow 'rwm' access to all devices", "true")] : []),
    ...((config.Linux.Capabilities ?? []).length > 0
      ? [privilege("capabilities", "list of additional capabilities required", ...(config.Linux.Capabilities ?? []))]
      : []),
  ];
}

function privilege(name: string, description: string, ...value: readonly string[]): PluginPrivilege {
  return { Name: name, Description: description, Value: value };
}

/** The same privileges, each of them, in whatever order? Descriptions don't count. (Engines before 29.3.1 leave out the first: CVE-2026-33997.) */
export function samePrivileges(one: readonly PluginPrivilege[], other: readonly PluginPrivilege[]): boolean {
  const texts = (list: readonly PluginPrivilege[]): readonly string[] =>
    list.map(({ Name, Value }) => JSON.stringify([Name, ...Value.toSorted()])).toSorted();
  const [left, right] = [texts(one), texts(other)];
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

/** @throws privileges-differ unless what was granted is exactly what is asked for */
export function requirePrivileges(name: string, asked: readonly PluginPrivilege[], granted: readonly PluginPrivilege[]): void {
  if (samePrivileges(asked, granted)) return;
  throw driverErrors["privileges-differ"]({ name, asked: formatPrivileges(asked), granted: formatPrivileges(granted) });
}

/** What is asked for beyond what was granted before: whole privileges, and of lists such as capabilities the members that are new. */
export function newPrivileges(granted: readonly PluginPrivilege[], asked: readonly PluginPrivilege[]): readonly PluginPrivilege[] {
  return asked.flatMap((wanted) => {
    const before = granted.filter(({ Name }) => Name === wanted.Name).flatMap(({ Value }) => Value);
    const fresh = wanted.Value.filter((value) => !before.includes(value));
    return fresh.length === 0 ? [] : [{ ...wanted, Value: fresh }];
  });
}

/** `network=host, capabilities=CAP_NET_ADMIN CAP_SYS_ADMIN`; `none` for none. */
export function formatPrivileges(privileges: readonly PluginPrivilege[]): string {
  return privileges.length === 0 ? "none" : privileges.map(({ Name, Value }) => `${Name}=${Value.join(" ")}`).join(", ");
}

/** Reads the privileges that a client grants: a list, or null for none. Keys count without case, as Go reads them. @throws request-invalid */
export function readPrivileges(value: unknown): readonly PluginPrivilege[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw invalid("the privileges are no list");
  return value.map((each: unknown, index): PluginPrivilege => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) throw invalid(`privilege ${index + 1} is no object`);
    const fields = foldedFields(asRecord(each), index);
    const { name, description = "", value: values = null } = fields;
    if (typeof name !== "string" || typeof description !== "string") throw invalid(`privilege ${index + 1} has no Name`);
    if (values !== null && !isTexts(values)) throw invalid(`the Value of ${name} is no list of texts`);
    return { Name: name, Description: description, Value: values ?? [] };
  });
}

function foldedFields(record: Readonly<Record<string, unknown>>, index: number): Readonly<Record<string, unknown>> {
  const fields = new Map<string, unknown>();
  for (const [key, value] of Object.entries(record)) {
    const folded = key.toLowerCase();
    if (!["name", "description", "value"].includes(folded)) throw invalid(`privilege ${index + 1} has an unknown key ${key}`);
    if (fields.has(folded)) throw invalid(`privilege ${index + 1} has ${key} twice`);
    fields.set(folded, value);
  }
  return Object.fromEntries(fields);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function invalid(reason: string): Error {
  return driverErrors["request-invalid"]({ reason });
}

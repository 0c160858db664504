import type { Readable } from "node:stream";
import { asRecord } from "@outrigger/plugin";
import type { ManagedPlugin, PluginPrivilege } from "../config/plugin-config.ts";
import { readPrivileges } from "../config/privileges.ts";
import { driverErrors } from "../errors.ts";
import type { ProgressLine } from "../host/progress.ts";
import { hostName } from "../host/serve/host-name.ts";
import { parseAddress } from "./address.ts";
import { ask, askJson, askLines, pieces } from "./api-request.ts";
import { digestInstallPanics } from "./digest-install.ts";

/** A package as an engine or a host fetches it. */
export interface RemotePackage {
  /** `HOST/NAME:TAG` */
  readonly reference: string;
  /** X-Registry-Auth. */
  readonly auth?: string;
  /** For our own host: the absolute path of an image layout in which it is. */
  readonly from?: string;
}

export interface ApiVersion {
  readonly version: string;
  /** True for our own host. */
  readonly isHost: boolean;
}

/**
 * Docker's plug-in API, of an engine or of our own host. Every failure is plugin-api-unreachable, plugin-api-denied (what was asked for can't be) or
 * plugin-api-failed; a progress stream that ends in an error throws it.
 */
export interface PluginApi {
  readonly address: string;
  readonly version: () => Promise<ApiVersion>;
  readonly list: () => Promise<readonly ManagedPlugin[]>;
  readonly inspect: (name: string) => Promise<ManagedPlugin>;
  /** What a package asks for. An engine gives none also where it could not fetch it. @throws digest-install-panics */
  readonly privileges: (remote: RemotePackage) => Promise<readonly PluginPrivilege[]>;
  /** @throws digest-install-panics, before anything is sent */
  readonly pull: (remote: RemotePackage, alias: string | undefined, granted: readonly PluginPrivilege[]) => AsyncIterable<ProgressLine>;
  /** Makes a disabled plug-in of a plain tar with config.json and rootfs/; an engine's alone, and never asks for privileges. */
  readonly create: (name: string, tar: Readable) => Promise<void>;
  /** @throws digest-install-panics, before anything is sent */
  readonly upgrade: (
    name: string,
    remote: RemotePackage,
    granted: readonly PluginPrivilege[],
    force: boolean,
  ) => AsyncIterable<ProgressLine>;
  readonly set: (name: string, args: readonly string[]) => Promise<void>;
  /** @param seconds how long it may take to become ready; 0 for the other side's own limit */
  readonly enable: (name: string, seconds: number) => Promise<void>;
  readonly disable: (name: string, force: boolean) => Promise<void>;
  readonly remove: (name: string, force: boolean) => Promise<void>;
  /** Our own host's alone. */
  readonly rollback: (name: string, force: boolean) => Promise<void>;
  /** Our own host's alone. */
  readonly logs: (name: string, follow: boolean, signal?: AbortSignal) => AsyncIterable<Buffer>;
}

/** @param text `unix:///path` or `tcp://LOOPBACK:PORT` @throws address-invalid */
export function openPluginApi(text: string): PluginApi {
  const address = parseAddress(text);
  const version = async (): Promise<ApiVersion> => {
    const found = asRecord(await askJson(address, { method: "GET", path: "/version" }));
    return { version: String(found["Version"] ?? ""), isHost: asRecord(found["Platform"])["Name"] === hostName };
  };
  /** One such call ends the whole engine, with everybody's containers' API. */
  const refuseDigest = async ({ reference }: RemotePackage): Promise<void> => {
    if (!reference.includes("@")) return;
    const found = await version();
    if (!found.isHost && digestInstallPanics(found.version))
      throw driverErrors["digest-install-panics"]({ version: found.version || "of unknown version" });
  };
  const named = (name: string, verb: string): string => `/plugins/${name.split("/").map(encodeURIComponent).join("/")}${verb}`;
  const forced = (force: boolean): Readonly<Record<string, string>> => (force ? { force: "1" } : {});
  const remoteOf = ({ reference, from, auth }: RemotePackage) => ({
    query: { remote: reference, from },
    headers: { "x-registry-auth": auth ?? "e30=" },
  });
  const post = async (path: string, query: Readonly<Record<string, string>>, body?: unknown): Promise<void> => {
    await askJson(address, { method: "POST", path, query, ...(body === undefined ? {} : { body }) });
  };
  return {
    address: text,
    version,
    list: async () => (await askJson(address, { method: "GET", path: "/plugins" })) as readonly ManagedPlugin[],
    inspect: async (name) => (await askJson(address, { method: "GET", path: named(name, "/json") })) as ManagedPlugin,
    privileges: async (remote) => {
      await refuseDigest(remote);
      return readPrivileges(await askJson(address, { method: "GET", path: "/plugins/privileges", ...remoteOf(remote) }));
    },
    pull: async function* (remote, alias, granted) {
      await refuseDigest(remote);
      const { query, headers } = remoteOf(remote);
      yield* askLines<ProgressLine>(address, {
        method: "POST",
        path: "/plugins/pull",
        query: { ...query, name: alias },
        headers,
        body: granted,
      });
    },
    create: async (name, tar) => {
      const headers = { "content-type": "application/x-tar" };
      await askJson(address, { method: "POST", path: "/plugins/create", query: { name }, headers, stream: tar });
    },
    upgrade: async function* (name, remote, granted, force) {
      await refuseDigest(remote);
      const { query, headers } = remoteOf(remote);
      yield* askLines<ProgressLine>(address, {
        method: "POST",
        path: named(name, "/upgrade"),
        query: { ...query, ...forced(force) },
        headers,
        body: granted,
      });
    },
    set: (name, args) => post(named(name, "/set"), {}, args),
    enable: (name, seconds) => post(named(name, "/enable"), { timeout: String(seconds) }),
    disable: (name, force) => post(named(name, "/disable"), forced(force)),
    remove: async (name, force) => void (await askJson(address, { method: "DELETE", path: named(name, ""), query: forced(force) })),
    rollback: (name, force) => post(named(name, "/rollback"), forced(force)),
    logs: async function* (name, follow, signal) {
      const answer = await ask(address, {
        method: "GET",
        path: named(name, "/logs"),
        query: follow ? { follow: "1" } : {},
        ...(signal === undefined ? {} : { signal }),
      });
      yield* pieces(address, answer);
    },
  };
}

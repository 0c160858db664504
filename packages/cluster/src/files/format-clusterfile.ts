import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { ConfigDocument } from "../model/config-document.ts";
import type { Host, SecretSource, SshAccess } from "../model/host.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { applicationPath } from "./config-documents.ts";
import { ourApiVersion } from "./document-fields.ts";
import { formatTaint } from "./taints.ts";
import { formatTarget } from "./targets.ts";

type Mapping = Readonly<Record<string, unknown>>;

/** A Clusterfile as YAML that `readClusterfile` reads back, without secrets: those in clear become `{ prompt: true }`. Comments are not kept. */
export function formatClusterfile(clusterfile: Clusterfile): string {
  const documents = [clusterDocument(clusterfile), ...clusterfile.configs.map(configDocument), ...clusterfile.plugins.map(pluginDocument)];
  const ours = documents.map((document) => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }));
  const kubeadm = clusterfile.kubeadm.map(({ text }) => (text.endsWith("\n") ? text : `${text}\n`));
  return [...ours, ...kubeadm].join("---\n");
}

function clusterDocument({ name, image, hosts, commands, commandArguments, settings }: Clusterfile): Mapping {
  const [first] = hosts;
  const oneAccess = first !== undefined && hosts.every(({ ssh }) => isDeepStrictEqual(ssh, first.ssh));
  const oneEnv = first !== undefined && hosts.every(({ env }) => isDeepStrictEqual(env, first.env));
  return {
    apiVersion: ourApiVersion,
    kind: "Cluster",
    metadata: { name },
    spec: {
      image,
      ...(oneEnv && Object.keys(first.env).length > 0 ? { env: first.env } : {}),
      ...(commands === undefined ? {} : { cmd: commands }),
      ...(commandArguments.length === 0 ? {} : { cmd_args: commandArguments }),
      ...(oneAccess ? { ssh: writtenSsh(first.ssh) } : {}),
      hosts: hosts.map((host) => writtenHost(host, oneAccess, oneEnv)),
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
    },
  };
}

function writtenHost({ ip, roles, ssh, env, labels, taints }: Host, oneAccess: boolean, oneEnv: boolean): Mapping {
  return {
    ips: [ip],
    roles,
    ...(oneAccess ? {} : { ssh: writtenSsh(ssh) }),
    ...(oneEnv || Object.keys(env).length === 0 ? {} : { env }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(taints.length === 0 ? {} : { taints: taints.map(formatTaint) }),
  };
}

function writtenSsh({ user, port, password, key }: SshAccess): Mapping {
  return {
    user,
    port,
    ...(password === undefined ? {} : { passwd: writtenSecret(password) }),
    ...(key === undefined ? {} : { pk: key.path }),
    ...(key?.passphrase === undefined ? {} : { pkPasswd: writtenSecret(key.passphrase) }),
  };
}

function writtenSecret(source: SecretSource): Mapping {
  if (source.from === "file") return { file: source.path };
  if (source.from === "variable") return { env: source.name };
  return { prompt: true };
}

function configDocument({ name, path, data, strategy, process, template, application }: ConfigDocument): Mapping {
  const prefix = application === undefined ? "" : `${applicationPath(application, "")}/`;
  return {
    apiVersion: ourApiVersion,
    kind: "Config",
    metadata: { name },
    spec: {
      path: path.slice(prefix.length),
      data,
      strategy,
      ...(process.length === 0 ? {} : { process: process.join("|") }),
      template,
      ...(application === undefined ? {} : { appName: application }),
    },
  };
}

/** A plugin.yaml with settings is written as what builds on it: a Plugin document has no place for what they are. */
function pluginDocument({ name, given: all, settings = [], origin }: PluginDocument): Mapping {
  const base = settings.length > 0 && origin.from === "folder" ? (all.package ?? dirname(origin.file)) : undefined;
  const { type, phases, targets, scoped, data, entry, ...same } = base === undefined ? all : ownFields(all, base);
  return {
    apiVersion: ourApiVersion,
    kind: "Plugin",
    metadata: { name },
    spec: {
      ...(type === undefined ? {} : { type }),
      ...(phases === undefined ? {} : { action: phases.join("|") }),
      ...(targets === undefined ? {} : { [scoped === true ? "scope" : "on"]: targets.map(formatTarget) }),
      ...(data === undefined ? {} : { data }),
      ...(entry === undefined ? {} : { entry: entry.path }),
      ...same,
    },
  };
}

function ownFields(
  { type: _, phases: __, targets: ___, scoped: ____, entry: _____, privileges: ______, ...own }: PluginDocument["given"],
  base: string,
): PluginDocument["given"] {
  return { ...own, package: base };
}

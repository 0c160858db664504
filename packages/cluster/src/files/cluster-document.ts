import { asRecord, type PlainProblem, type Problem, type SourceDocument } from "@outrigger/plugin";
import type { Cluster } from "../model/cluster.ts";
import { type ClusterSpec, cloudFields, clusterField, type OldClusterSpec, oldClusterField } from "./cluster-schema.ts";
import { checkFields } from "./document-fields.ts";
import { variablesOf } from "./environment.ts";
import { hostsOf, type WrittenHosts } from "./hosts.ts";
import { accessOf, completeAccess, type Sayings } from "./ssh-fields.ts";

/** What a document of kind `Cluster` gives of a cluster, and the variables of all its hosts. */
export type ClusterPart = Omit<Cluster, "plugins" | "configs" | "kubeadm"> & { readonly variables: Readonly<Record<string, string>> };

export interface ClusterReading {
  readonly part?: ClusterPart;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads a Cluster document: v1 has `masters` and `nodes`, v2 has `hosts`. */
export function readCluster(source: SourceDocument): ClusterReading {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const sayings: Sayings = {
    say: (problem) => void problems.push(source.place(problem)),
    warn: (problem) => void warnings.push(source.place(problem)),
  };
  const spec = asRecord(asRecord(source.value)["spec"]);
  const old = !("hosts" in spec) && ("masters" in spec || "provider" in spec);
  const name = asRecord(asRecord(source.value)["metadata"])["name"];
  if (typeof name === "string") checkName(name, sayings.say);
  let part: ClusterPart | undefined;
  if (old) {
    const fields = checkFields(source, oldClusterField);
    if ("problems" in fields) problems.push(...fields.problems);
    else part = ofOld(fields.value.metadata, fields.value.spec, source.file, sayings);
  } else {
    const fields = checkFields(source, clusterField);
    if ("problems" in fields) problems.push(...fields.problems);
    else part = ofSpec(fields.value.metadata, fields.value.spec, source.file, sayings);
  }
  return { problems, warnings, ...(part === undefined || problems.length > 0 ? {} : { part }) };
}

type Metadata = { readonly name: string; readonly annotations?: object | null; readonly labels?: object | null };

function ofSpec(metadata: Metadata, spec: ClusterSpec, file: string, sayings: Sayings): ClusterPart {
  const variables = variablesOf(spec.env ?? undefined, ["spec", "env"], sayings.say);
  const common = accessOf(spec.ssh ?? undefined, file, ["spec", "ssh"], sayings);
  const groups = spec.hosts.map((host, index): WrittenHosts => {
    const path = ["spec", "hosts", index];
    return {
      ips: host.ips,
      path: [...path, "ips"],
      roles: host.roles,
      access: completeAccess({ ...common, ...accessOf(host.ssh ?? undefined, file, [...path, "ssh"], sayings) }),
      env: { ...variables, ...variablesOf(host.env ?? undefined, [...path, "env"], sayings.say) },
      labels: host.labels ?? {},
      taints: host.taints ?? [],
    };
  });
  const { appNames, containerRuntime, hostAliases, registry, dataRoot } = spec;
  refusePasswords(registry, sayings.say);
  if (dataRoot) sayings.warn(dataRootTrap(dataRoot));
  const own = present({ ...present(metadataSettings(metadata)), appNames, containerRuntime, hostAliases, registry, dataRoot });
  for (const key of Object.keys(spec.settings ?? {}).filter((each) => each in own)) {
    const message = `\`${key}\` stands both here and as a field of its own.`;
    sayings.say({ path: ["spec", "settings", key], code: "conflict", message, found: key, hint: "Remove one of the two." });
  }
  return {
    name: metadata.name,
    image: spec.image,
    hosts: hostsOf(groups, ["spec", "hosts"], sayings.say),
    ...(spec.cmd ? { commands: spec.cmd } : {}),
    commandArguments: spec.cmd_args ?? [],
    settings: { ...spec.settings, ...own },
    variables,
  };
}

function ofOld(metadata: Metadata, spec: OldClusterSpec, file: string, sayings: Sayings): ClusterPart {
  if (spec.provider && spec.provider !== "BAREMETAL") {
    const message = `The provider ${spec.provider} is not known: Outrigger works on machines that are there, and asks no cloud for any.`;
    sayings.say({ path: ["spec", "provider"], code: "wrong-value", message, found: spec.provider, expected: "BAREMETAL" });
  }
  const variables = variablesOf(spec.env ?? undefined, ["spec", "env"], sayings.say);
  const access = completeAccess(accessOf(spec.ssh ?? undefined, file, ["spec", "ssh"], sayings));
  const groups = (["masters", "nodes"] as const).map((field): WrittenHosts => {
    for (const key of cloudFields.filter((each) => isGiven(asRecord(spec[field])[each]))) sayings.say(cloudMachine(field, key));
    const roles = [field === "masters" ? "master" : "node"];
    const ips = spec[field]?.ipList ?? [];
    return { ips, path: ["spec", field, "ipList"], roles, access, env: variables, labels: {}, taints: [] };
  });
  const { network, certSANS } = spec;
  return {
    name: metadata.name,
    image: spec.image,
    hosts: hostsOf(groups, ["spec", "masters", "ipList"], sayings.say),
    commandArguments: [],
    settings: present({ ...metadataSettings(metadata), network, certSANS }),
    variables,
  };
}

function metadataSettings({ annotations, labels }: Metadata): Readonly<Record<string, unknown>> {
  return { annotations, labels };
}

/** Without what Go writes for nothing. */
function present(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isGiven(value)));
}

function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

export function checkName(name: string, say: (problem: PlainProblem) => void): void {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return;
  say({
    path: ["metadata", "name"],
    code: "wrong-value",
    message: `${JSON.stringify(name)} is no name of a cluster: it has at most 63 lower-case letters, digits and inner dashes.`,
    found: name,
  });
}

function refusePasswords(registry: ClusterSpec["registry"], say: (problem: PlainProblem) => void): void {
  for (const kind of ["localRegistry", "externalRegistry"]) {
    if (!isGiven(asRecord(registry?.[kind])["password"])) continue;
    say({
      path: ["spec", "registry", kind, "password"],
      code: "secret-in-clear",
      message: "A registry's password is not taken from a Clusterfile: settings are stored, and shown to every script.",
      hint: "Leave it away, and have a script of the image read it where it is needed.",
    });
  }
}

function dataRootTrap(found: string): PlainProblem {
  const message = "Files are kept in /var/lib/outrigger on every host; `dataRoot` is only told to the image's scripts.";
  return { path: ["spec", "dataRoot"], code: "reads-differently", message, found };
}

function cloudMachine(field: string, key: string): PlainProblem {
  const message = `\`${key}\` asks a cloud for machines; Outrigger works on those that \`ipList\` names.`;
  return { path: ["spec", field, key], code: "wrong-value", message, found: key, hint: "Remove it." };
}

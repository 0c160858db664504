import * as z from "zod";
import { apiVersionField, emptyStatus } from "./document-fields.ts";
import { environmentField, type WrittenEnvironment } from "./environment.ts";
import { sshField, type WrittenSsh } from "./ssh-fields.ts";

type Mapping = Readonly<Record<string, unknown>>;

interface WrittenMetadata {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>> | null;
  readonly labels?: Readonly<Record<string, string>> | null;
}

interface WrittenCluster<Spec> {
  readonly metadata: WrittenMetadata;
  readonly spec: Spec;
}

interface WrittenHost {
  readonly ips: readonly string[];
  readonly roles: readonly string[];
  readonly ssh?: WrittenSsh | null;
  readonly env?: WrittenEnvironment | null;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly taints?: readonly string[] | null;
}

/** Cluster v2 of Sealer 0.6 to 0.11 (`sealer.cloud/v2`, `sealer.io/v2`), and ours, which adds `settings`. */
export interface ClusterSpec {
  readonly image: string;
  readonly env?: WrittenEnvironment | null;
  readonly cmd?: readonly string[] | null;
  readonly cmd_args?: readonly string[] | null;
  readonly ssh?: WrittenSsh | null;
  readonly hosts: readonly WrittenHost[];
  readonly appNames?: readonly string[] | null;
  readonly containerRuntime?: Mapping | null;
  readonly hostAliases?: readonly Mapping[] | null;
  readonly registry?: Mapping | null;
  readonly dataRoot?: string | null;
  readonly settings?: Mapping;
}

interface WrittenMachines {
  readonly ipList?: readonly string[] | null;
}

/** Cluster v1 of Sealer up to 0.5, which its later versions still read. */
export interface OldClusterSpec {
  readonly image: string;
  readonly env?: WrittenEnvironment | null;
  readonly provider?: string | null;
  readonly ssh?: WrittenSsh | null;
  readonly network?: Mapping | null;
  readonly certSANS?: readonly string[] | null;
  readonly masters: WrittenMachines;
  readonly nodes?: WrittenMachines | null;
}

const texts = z.array(z.string());
const textMap = z.record(z.string(), z.string());
const text = z.string().nullable().exactOptional();

const metadata: z.ZodType<WrittenMetadata> = z.strictObject({
  name: z.string(),
  annotations: textMap.nullable().exactOptional(),
  labels: textMap.nullable().exactOptional(),
  creationTimestamp: z.null().exactOptional(),
});

const host: z.ZodType<WrittenHost> = z.strictObject({
  ips: texts.min(1),
  roles: texts.min(1),
  ssh: sshField.nullable().exactOptional(),
  env: environmentField.nullable().exactOptional(),
  labels: textMap.nullable().exactOptional(),
  taints: texts.nullable().exactOptional(),
});

/** `password` is checked apart: no message shows it. */
const registryAccess = {
  domain: text,
  port: z.int().nullable().exactOptional(),
  username: text,
  password: z.unknown().optional(),
} as const;

const registry: z.ZodType<Mapping> = z.strictObject({
  localRegistry: z
    .strictObject({
      ...registryAccess,
      ha: z.boolean().nullable().exactOptional(),
      insecure: z.boolean().nullable().exactOptional(),
      cert: z
        .strictObject({ subjectAltName: z.strictObject({ dnsNames: texts.exactOptional(), ips: texts.exactOptional() }).exactOptional() })
        .nullable()
        .exactOptional(),
    })
    .nullable()
    .exactOptional(),
  externalRegistry: z.strictObject(registryAccess).nullable().exactOptional(),
});

function documentField<Spec>(spec: z.ZodType<Spec>): z.ZodType<WrittenCluster<Spec>> {
  return z.strictObject({
    apiVersion: apiVersionField.exactOptional(),
    kind: z.literal("Cluster"),
    metadata,
    spec,
    status: emptyStatus.exactOptional(),
  });
}

export const clusterField: z.ZodType<WrittenCluster<ClusterSpec>> = documentField(
  z.strictObject({
    image: z.string().min(1),
    env: environmentField.nullable().exactOptional(),
    cmd: texts.nullable().exactOptional(),
    cmd_args: texts.nullable().exactOptional(),
    ssh: sshField.nullable().exactOptional(),
    hosts: z.array(host).min(1),
    appNames: texts.nullable().exactOptional(),
    containerRuntime: z.strictObject({ type: text }).nullable().exactOptional(),
    hostAliases: z
      .array(z.strictObject({ ip: z.string(), hostnames: texts }))
      .nullable()
      .exactOptional(),
    registry: registry.nullable().exactOptional(),
    dataRoot: text,
    settings: z.record(z.string(), z.unknown()).exactOptional(),
  }),
);

/** Sizes and counts of machines that Sealer asked a cloud for. */
const cloudMachine = {
  count: z.unknown().optional(),
  cpu: z.unknown().optional(),
  memory: z.unknown().optional(),
  systemDisk: z.unknown().optional(),
  dataDisks: z.unknown().optional(),
};
const machines: z.ZodType<WrittenMachines> = z.strictObject({ ipList: texts.nullable().exactOptional(), ...cloudMachine });

export const cloudFields: readonly string[] = Object.keys(cloudMachine);

export const oldClusterField: z.ZodType<WrittenCluster<OldClusterSpec>> = documentField(
  z.strictObject({
    image: z.string().min(1),
    env: environmentField.nullable().exactOptional(),
    provider: text,
    ssh: sshField.nullable().exactOptional(),
    network: z
      .strictObject({ interface: text, cniName: text, podCIDR: text, svcCIDR: text, withoutCNI: z.boolean().exactOptional() })
      .nullable()
      .exactOptional(),
    certSANS: texts.nullable().exactOptional(),
    masters: machines,
    nodes: machines.nullable().exactOptional(),
  }),
);

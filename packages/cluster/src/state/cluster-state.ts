import { readFile } from "node:fs/promises";
import { wordsOf } from "@outrigger/plugin";
import { writeDurably, z } from "@outrigger/sdk";
import { clusterErrors } from "../errors.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { CurrentCluster } from "../plan/cluster-changes.ts";
import type { ClusterFolder } from "./cluster-folder.ts";
import { clusterfileWithoutSecrets, withoutSecrets } from "./without-secrets.ts";

export interface ImageVersion {
  readonly reference: string;
  /** Of the manifest or index. */
  readonly digest: string;
}

/** What is known of a cluster that is up. Holds no secret. */
export interface ClusterState {
  /** Of this shape; another one is refused. */
  readonly format: 1;
  /** As it is: the hosts that are in it, the plug-ins of image and Clusterfile merged. */
  readonly cluster: Cluster;
  /** What it was made of: merged with the image anew where one of the two changes. */
  readonly clusterfile: Clusterfile;
  readonly image: ImageVersion;
  /** Images that it had before, newest last: where `rollback` goes. */
  readonly earlier: readonly ImageVersion[];
  /** Application images installed in it, in order. */
  readonly applications: readonly ImageVersion[];
  /** Where the admin's kubeconfig is on the first master, where the image's create.sh has said so. */
  readonly kubeconfig?: string;
  /** Digests of the plug-in tasks that are done, by task id: what `run: once` and `run: on-change` look at. */
  readonly ran: Readonly<Record<string, string>>;
  /** The run that made it so. */
  readonly run: string;
  /** When, RFC 3339. */
  readonly changed: string;
}

/** What a wanted cluster is compared with. */
export function currentCluster({ cluster, image, applications }: ClusterState): CurrentCluster {
  return { cluster, imageDigest: image.digest, applications: applications.map(({ digest }) => digest) };
}

export const stateFormat = 1;

const version = z.strictObject({ reference: z.string(), digest: z.string() });
const host = z.looseObject({ ip: z.union([z.ipv4(), z.ipv6()]), roles: z.array(z.string()).min(1) });
const shape = z.strictObject({
  format: z.literal(stateFormat),
  cluster: z.looseObject({ name: z.string(), image: z.string(), hosts: z.array(host).min(1), plugins: z.array(z.looseObject({})) }),
  clusterfile: z.looseObject({ name: z.string(), hosts: z.array(host).min(1), plugins: z.array(z.looseObject({})) }),
  image: version,
  earlier: z.array(version),
  applications: z.array(version),
  kubeconfig: z.string().exactOptional(),
  ran: z.record(z.string(), z.string()),
  run: z.string(),
  changed: z.string(),
});

/** What is known of a cluster; undefined where there is none. @throws cluster-state-invalid, cluster-state-newer */
export async function readState(folder: ClusterFolder): Promise<ClusterState | undefined> {
  let text: string;
  try {
    text = await readFile(folder.state, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw clusterErrors["cluster-state-invalid"]({ file: folder.state, reason: wordsOf(error) }, { cause: error });
  }
  return parseState(text, folder.state, folder.cluster);
}

/**
 * @param place for messages: a file, or a host's file
 * @throws cluster-state-invalid, cluster-state-newer
 */
export function parseState(text: string, place: string, cluster: string): ClusterState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw clusterErrors["cluster-state-invalid"]({ file: place, reason: wordsOf(error) }, { cause: error });
  }
  const { format } = z.looseObject({ format: z.unknown() }).catch({ format: undefined }).parse(value);
  if (typeof format === "number" && format > stateFormat)
    throw clusterErrors["cluster-state-newer"]({ file: place, format, known: stateFormat });
  const result = shape.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw clusterErrors["cluster-state-invalid"]({ file: place, reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` });
  }
  const state = result.data as unknown as ClusterState;
  if (state.cluster.name !== cluster)
    throw clusterErrors["cluster-state-invalid"]({ file: place, reason: `it is of the cluster ${state.cluster.name}, not ${cluster}` });
  return state;
}

export async function writeState(folder: ClusterFolder, state: ClusterState): Promise<void> {
  await writeDurably(folder.state, formatState(state));
}

export function formatState(state: ClusterState): string {
  const { cluster, clusterfile } = state;
  const safe = { ...state, cluster: withoutSecrets(cluster), clusterfile: clusterfileWithoutSecrets(clusterfile) };
  return `${JSON.stringify(safe, undefined, 2)}\n`;
}

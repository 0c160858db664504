import type { PlainProblem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import { firstMaster } from "../../model/host.ts";
import type { ScriptedType } from "../plugin-type.ts";
import { phasesWithApi } from "./common-problems.ts";
import { etcdScript } from "./etcd-script.ts";

/** The data of an ETCD plug-in with its defaults. */
export interface EtcdBackup {
  /** The newest snapshot's file on master0; older ones stand beside it, the time when each was made after the name. */
  readonly path: string;
  /** Snapshots that are kept, the newest included. */
  readonly keep: number;
  /** Asked in this order until one answers. */
  readonly endpoints: readonly string[];
  /** Files on master0; absent: kubeadm's. */
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where snapshots are unless `path` says it: outside of what goes with a cluster. */
export const usualBackup = "/var/backups/outrigger/etcd.db";

const fields = ["path", "keep", "endpoints", "cacert", "cert", "key"];

/** ETCD: a verified snapshot of the cluster's etcd, made and kept on master0. */
export const etcdType: ScriptedType = {
  type: "ETCD",
  kind: "scripted",
  phases: phasesWithApi,
  place: "master0",
  check: (plugin) => [...readBackup(plugin).problems],
  script: (plugin, { host, hosts, rootfs }) => {
    if (firstMaster(hosts)?.ip !== host.ip) return undefined;
    const { path, keep, endpoints, cacert = "", cert = "", key = "" } = readBackup(plugin).backup;
    return {
      text: etcdScript,
      env: {
        ...host.env,
        ...(rootfs === undefined ? {} : { OUTRIGGER_ROOTFS: rootfs }),
        BACKUP_PATH: path,
        BACKUP_KEEP: String(keep),
        BACKUP_ENDPOINTS: endpoints.join(" "),
        BACKUP_CACERT: cacert,
        BACKUP_CERT: cert,
        BACKUP_KEY: key,
      },
      strict: true,
      skipWithoutDirectory: false,
    };
  },
};

export function readBackup({ data }: ClusterPlugin): { readonly backup: EtcdBackup; readonly problems: readonly PlainProblem[] } {
  const problems: PlainProblem[] = [];
  const given: Readonly<Record<string, unknown>> =
    typeof data === "string" ? { path: data.trim() } : typeof data === "object" && data !== null && !Array.isArray(data) ? { ...data } : {};
  const complain = (field: string, code: PlainProblem["code"], message: string, hint: string): void =>
    void problems.push({ path: ["spec", "data", ...(typeof data === "string" || field === "" ? [] : [field])], code, message, hint });
  if (data !== undefined && typeof data !== "string" && Object.keys(given).length === 0) {
    complain("", "wrong-type", "The data of ETCD is a path, or a mapping.", `Write \`data: { path: ${usualBackup}, keep: 3 }\`.`);
  }
  for (const field of Object.keys(given).filter((each) => !fields.includes(each))) {
    complain(field, "unknown-key", `The data of ETCD has no \`${field}\`.`, `It has ${fields.join(", ")}.`);
  }
  const path = (field: string): string | undefined => {
    const value = given[field];
    if (value === undefined) return undefined;
    if (typeof value === "string" && /^\/[^\n\r\0]*[^/\n\r\0]$/.test(value)) return value;
    return void complain(field, "wrong-value", `\`${field}\` is the absolute path of a file on the first master.`, `E.g. ${usualBackup}.`);
  };
  const keep = given["keep"] ?? 3;
  if (typeof keep !== "number" || !Number.isInteger(keep) || keep < 1 || keep > 1000) {
    complain("keep", "out-of-range", "`keep` is how many snapshots are kept: a whole number from 1 to 1000.", "E.g. 3.");
  }
  const [cacert, cert, key] = [path("cacert"), path("cert"), path("key")];
  if ((cert === undefined) !== (key === undefined))
    complain("cert", "missing-key", "`cert` and `key` belong together.", "Give both or none.");
  const backup = {
    path: path("path") ?? usualBackup,
    keep: Number(keep),
    endpoints: readEndpoints(given["endpoints"], complain),
    ...(cacert === undefined ? {} : { cacert }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
  return { backup, problems };
}

type Complain = (field: string, code: PlainProblem["code"], message: string, hint: string) => void;

function readEndpoints(given: unknown, complain: Complain): readonly string[] {
  const usual = "https://127.0.0.1:2379";
  if (given === undefined) return [usual];
  const list: readonly unknown[] =
    typeof given === "string" ? given.split(/[\s,]+/).filter((each) => each !== "") : Array.isArray(given) ? given : [];
  const urls = list.filter((each) => typeof each === "string" && /^https?:\/\/[^\s,]+$/.test(each) && URL.canParse(each)).map(String);
  if (list.length === 0 || urls.length < list.length) {
    complain("endpoints", "wrong-value", "`endpoints` is a list of URLs.", `E.g. [${usual}].`);
  }
  return urls.length === 0 ? [usual] : urls;
}

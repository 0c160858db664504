import type { Reading } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { Clusterfile } from "../model/clusterfile.ts";

/** Reads a Clusterfile: Cluster, Config, Plugin, Application and kubeadm documents. Never throws for bad text. */
export function readClusterfile(text: string, file: string): Reading<Clusterfile> {
  throw clusterErrors["not-built"]({ what: `readClusterfile ${text} ${file}` });
}

import { clusterErrors } from "../errors.ts";
import type { Clusterfile } from "../model/clusterfile.ts";

/** A Clusterfile as YAML that {@link readClusterfile} reads back, without secrets: passwords in clear become `{ prompt: true }`. */
export function formatClusterfile(clusterfile: Clusterfile): string {
  throw clusterErrors["not-built"]({ what: `formatClusterfile ${clusterfile.name}` });
}

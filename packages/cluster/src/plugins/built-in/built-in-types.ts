import type { PluginType } from "../plugin-type.ts";
import { clusterCheckType } from "./clustercheck.ts";
import { etcdType } from "./etcd.ts";
import { hostnameType } from "./hostname.ts";
import { labelType } from "./label.ts";
import { shellType } from "./shell.ts";
import { taintType } from "./taint.ts";

/** The built-in types by their names. */
export const builtInTypes: ReadonlyMap<string, PluginType> = new Map(
  [shellType, hostnameType, labelType, taintType, etcdType, clusterCheckType].map((type): [string, PluginType] => [type.type, type]),
);

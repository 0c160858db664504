import { type ClusterPrivilege, type ConfigValues, clusterPrivileges, configValuesField } from "@outrigger/plugin";
import * as z from "zod";
import type { FailureRule, RunRule } from "../model/cluster-plugin.ts";
import { apiVersionField, emptyStatus, metadataField } from "./document-fields.ts";
import { parseDuration } from "./durations.ts";

/** Types that are there without anything brought along. */
export const builtInTypes: readonly string[] = ["CLUSTERCHECK", "ETCD", "HOSTNAME", "LABEL", "SHELL", "TAINT"];

/** A Plugin document as authors write it: dialect A (`on`) and B (`scope`) of Sealer, and our own fields. */
export interface WrittenPlugin {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: WrittenSpec;
}

export interface WrittenSpec {
  readonly type?: string;
  readonly action?: string | readonly string[];
  readonly on?: string | readonly string[];
  readonly scope?: string | readonly string[];
  readonly data?: unknown;
  readonly values?: ConfigValues;
  readonly template?: boolean;
  readonly entry?: string;
  readonly package?: string;
  readonly privileges?: readonly ClusterPrivilege[];
  readonly timeout?: number;
  readonly retries?: number;
  readonly retryDelay?: number;
  readonly onFailure?: FailureRule;
  readonly undo?: string;
  readonly run?: RunRule;
  readonly strict?: boolean;
  readonly parallel?: number;
  readonly disabled?: boolean;
}

const listField = z.union([z.string(), z.array(z.string()).min(1)]);

/** The longest time that a field can give, in seconds: a week. */
const longest = 7 * 24 * 3600;

function durationField(least: number): z.ZodType<number> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const seconds = parseDuration(value);
    if (seconds !== undefined && seconds >= least && seconds <= longest) return seconds;
    const message = `A time is e.g. 30s, 5m, 1h30m or a number of seconds, from ${least} s to 7 days.`;
    context.addIssue({ code: "custom", message, input: value });
    return z.NEVER;
  });
}

const specField: z.ZodType<WrittenSpec> = z.strictObject({
  type: z.string().min(1).exactOptional(),
  action: listField.exactOptional(),
  on: listField.exactOptional(),
  scope: listField.exactOptional(),
  data: z.unknown().optional(),
  values: configValuesField.exactOptional(),
  template: z.boolean().exactOptional(),
  entry: z.string().min(1).exactOptional(),
  package: z.string().min(1).exactOptional(),
  privileges: z.array(z.enum(clusterPrivileges)).exactOptional(),
  timeout: durationField(1).exactOptional(),
  retries: z.int().min(0).max(100).exactOptional(),
  retryDelay: durationField(0).exactOptional(),
  onFailure: z.enum(["abort", "continue", "undo"]).exactOptional(),
  undo: z.string().min(1).exactOptional(),
  run: z.enum(["always", "once", "on-change"]).exactOptional(),
  strict: z.boolean().exactOptional(),
  parallel: z.int().min(1).max(1000).exactOptional(),
  disabled: z.boolean().exactOptional(),
});

export const pluginField: z.ZodType<WrittenPlugin> = z.strictObject({
  apiVersion: apiVersionField.exactOptional(),
  kind: z.literal("Plugin"),
  metadata: metadataField,
  spec: specField,
  status: emptyStatus.exactOptional(),
});

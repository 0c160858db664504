import { applicationRules, asRecord, type ConfigGroup, configGroupField, nameField, versionField, withRule } from "@outrigger/plugin";
import * as z from "zod";
import type { ApplicationRequest, InstallationPatch, InstallRequest, Role } from "./resources.ts";
import { apiSchemas, componentSchema, mountSharingSchema, resourcesSchema } from "./schemas.ts";

/** Schemas of what the API takes. */
export const teamParams: z.ZodType<{ team: string }> = z.object({ team: nameField });
export const pluginParams: z.ZodType<{ team: string; plugin: string }> = z.object({ team: nameField, plugin: nameField });
export const versionParams: z.ZodType<{ team: string; plugin: string; version: string }> = z.object({
  team: nameField,
  plugin: nameField,
  version: versionField,
});
export const buildParams: z.ZodType<{ team: string; build: string }> = z.object({ team: nameField, build: z.string().max(64) });
export const applicationParams: z.ZodType<{ team: string; application: string }> = z.object({ team: nameField, application: nameField });
export const componentParams: z.ZodType<{ team: string; application: string; component: string }> = z.object({
  team: nameField,
  application: nameField,
  component: nameField,
});
export const installationParams: z.ZodType<{ team: string; application: string; component: string; plugin: string }> = z.object({
  team: nameField,
  application: nameField,
  component: nameField,
  plugin: nameField,
});

const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((text) => text === "true");

export const dryRunQuery: z.ZodType<{ dryRun: boolean }> = z.strictObject({ dryRun: flag.describe("Gives the plan and changes nothing.") });
export const volumesQuery: z.ZodType<{ volumes: boolean }> = z.strictObject({ volumes: flag.describe("Removes named volumes too.") });

const many = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((value) => (typeof value === "string" ? [value] : value));

/** `?container=a,b&follow=true&tail=10`. */
export interface LogQuery {
  readonly container: readonly string[];
  readonly follow: boolean;
  readonly tail?: number | undefined;
  readonly replica?: number | undefined;
}

export const logQuery: z.ZodType<LogQuery> = z.strictObject({
  container: many
    .transform((names) => names.flatMap((name) => name.split(",")).filter((name) => name !== ""))
    .describe("Containers, by name; all where none is named."),
  follow: flag,
  tail: z.coerce.number().int().min(0).max(1_000_000).optional().describe("Last lines of each container."),
  replica: z.coerce.number().int().min(0).max(1000).optional().describe("One of the component's pods, from 0; all where none is named."),
});

/** `?file=&target=&arg=K=V`. */
export interface ComponentBuildQuery {
  readonly file: string;
  readonly target?: string | undefined;
  readonly arg: readonly string[];
}

export const componentBuildQuery: z.ZodType<ComponentBuildQuery> = z.strictObject({
  file: z.string().min(1).max(4096).default("Dockerfile").describe("The Dockerfile, relative to the context."),
  target: z.string().min(1).max(128).optional().describe("The stage to build."),
  arg: many.pipe(z.array(z.string().regex(/^[A-Za-z_]\w*=/, "A build argument is NAME=VALUE."))).describe("Build arguments, NAME=VALUE."),
});

export const teamRequest: z.ZodType<{ name: string; allow: readonly string[] }> = z
  .strictObject({ name: nameField, allow: z.array(privilegeField()).default([]) })
  .register(apiSchemas, { id: "TeamRequest" });

export const teamPatch: z.ZodType<{ allow: readonly string[] }> = z
  .strictObject({ allow: z.array(privilegeField()) })
  .register(apiSchemas, { id: "TeamPatch" });

function privilegeField(): z.ZodString {
  return z
    .string()
    .regex(
      /^(privileged|discovery-without-token|capability:[A-Z][A-Z_]*)$/,
      "A privilege is `privileged`, `capability:NAME`, e.g. capability:NET_ADMIN, or `discovery-without-token`.",
    );
}

/** A token to be made. */
export interface TokenRequest {
  readonly description: string;
  readonly admin: boolean;
  readonly roles: Readonly<Record<string, Role>>;
}

export const tokenRequest: z.ZodType<TokenRequest> = z
  .strictObject({
    description: z.string().max(256).default(""),
    admin: z.boolean().default(false).describe("Everything, in every team."),
    roles: z.record(nameField, z.enum(["viewer", "developer", "admin"])).default({}),
  })
  .register(apiSchemas, { id: "TokenRequest" });

export const configRequest: z.ZodType<readonly ConfigGroup[]> = z.array(configGroupField).register(apiSchemas, { id: "ConfigRequest" });

export const applicationRequest: z.ZodType<ApplicationRequest> = withRule(
  z.strictObject({ components: z.array(componentSchema).min(1) }),
  function* (value) {
    // The rules are those of app.yaml, where the components stand below `spec`.
    for (const problem of applicationRules({ spec: value })) yield { ...problem, path: problem.path.slice(1) };
  },
).register(apiSchemas, { id: "ApplicationRequest" });

const scalar = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
const value = z.union([scalar, z.strictObject({ secret: z.literal("set").describe("Keeps the secret that is stored.") })]);
const values = z.record(z.string(), z.record(z.string(), z.union([value, z.record(z.string(), value)])));

export const installRequest: z.ZodType<InstallRequest> = z
  .strictObject({
    plugin: z.string().regex(/^[a-z0-9][a-z0-9-]*(@[\w.-]+)?$/, "A plug-in is named NAME or NAME@VERSION."),
    version: versionField.exactOptional().describe("The newest built one where none is named."),
    values: values.exactOptional(),
    enabled: z.boolean().exactOptional(),
    resources: resourcesSchema.exactOptional(),
    mounts: mountSharingSchema.exactOptional(),
  })
  .register(apiSchemas, { id: "InstallRequest" });

const patchValue = z.union([value, z.null()]);

export const installationPatch: z.ZodType<InstallationPatch> = withRule(
  z.strictObject({
    version: versionField.exactOptional(),
    enabled: z.boolean().exactOptional(),
    values: z
      .record(z.string(), z.union([z.record(z.string(), z.union([patchValue, z.record(z.string(), patchValue)])), z.null()]))
      .exactOptional()
      .describe("Merged item by item; null removes a value."),
    rollback: z.int().min(1).exactOptional().describe("Sets the values of this revision."),
    resources: z.union([resourcesSchema, z.null()]).exactOptional().describe("null: as the version says."),
    mounts: z.union([mountSharingSchema, z.null()]).exactOptional().describe("null: as the version says."),
  }),
  function* (patch) {
    if (asRecord(patch)["rollback"] === undefined || asRecord(patch)["values"] === undefined) return;
    yield {
      path: ["rollback"],
      code: "conflict",
      message: "A rollback sets all values, so none can be given beside it.",
      hint: "Roll back first, then change values.",
    };
  },
).register(apiSchemas, { id: "InstallationPatch" });

/** A credential to be stored. */
export interface CredentialRequest {
  readonly kind: "registry" | "git";
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

export const credentialRequest: z.ZodType<CredentialRequest> = z
  .strictObject({
    kind: z.enum(["registry", "git"]),
    host: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$/, "A host is a name with an optional port, e.g. registry.example:5000."),
    username: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[^\r\n\0]*$/, "A user's name has one line."),
    password: z
      .string()
      .min(1)
      .max(65_536)
      .regex(/^[^\r\n\0]*$/, "A password has one line."),
  })
  .register(apiSchemas, { id: "CredentialRequest" });

import {
  type Component,
  type ConfigGroup,
  componentField,
  configGroupField,
  mountSharingField,
  type PluginManifest,
  pluginManifestField,
  resourcesField,
  type StoredValues,
  type VersionState,
} from "@outrigger/plugin";
import type { ContainerStatus, PodState } from "@outrigger/runtime";
import * as z from "zod";
import type * as resources from "./resources.ts";

/** Schemas of what the API gives. Each has a name, under which it stands in the OpenAPI document. */
function named<T>(id: string, schema: z.ZodType<T>): z.ZodType<T> {
  return schema.register(apiSchemas, { id });
}

/** The named schemas. */
export const apiSchemas: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>();

const time = z.iso.datetime().describe("RFC 3339.");
const etag = z.string().describe("Also sent as the ETag header; send it back as If-Match.");
const versionState: z.ZodType<VersionState> = z.enum(["draft", "building", "built", "failed", "timed-out", "cancelled"]);
const role: z.ZodType<resources.Role> = z.enum(["viewer", "developer", "admin"]);

/** A page of the given resource. */
export function pageSchema<T>(id: string, item: z.ZodType<T>): z.ZodType<resources.Page<T>> {
  return named(id, z.object({ items: z.array(item), next: z.string().exactOptional().describe("`?after=` of the next page.") }));
}

export const componentSchema: z.ZodType<Component> = named("Component", componentField);
export const manifestSchema: z.ZodType<PluginManifest> = named("PluginManifest", pluginManifestField);
export const configGroupSchema: z.ZodType<ConfigGroup> = named("ConfigGroup", configGroupField);
export const resourcesSchema: typeof resourcesField = named("Resources", resourcesField);
export const mountSharingSchema: typeof mountSharingField = named("MountSharing", mountSharingField);

const storedValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.object({ secret: z.literal("set") })]);

const values: z.ZodType<StoredValues> = named(
  "StoredValues",
  z
    .record(z.string(), z.record(z.string(), z.union([storedValue, z.record(z.string(), storedValue)])))
    .describe(
      'Group -> item -> value; in groups that depend on ports, group -> port -> item -> value. A secret reads `{ "secret": "set" }`.',
    ),
) as z.ZodType<StoredValues>;

const problemField = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  path: z.string().describe("The field, e.g. `components[0].image`."),
  code: z.string(),
  message: z.string(),
  found: z.string().exactOptional(),
  expected: z.string().exactOptional(),
  hint: z.string().exactOptional(),
});

export const problemSchema: z.ZodType = named(
  "Problem",
  z.object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    hint: z.string().describe("How to mend it."),
    problems: z.array(problemField).exactOptional(),
  }) as z.ZodType,
);

export const teamSchema: z.ZodType<resources.TeamResource> = named(
  "Team",
  z.object({ name: z.string(), allow: z.array(z.string()), createdAt: time, etag }),
);

const token = { id: z.string(), description: z.string(), admin: z.boolean(), roles: z.record(z.string(), role), createdAt: time };
export const tokenSchema: z.ZodType<resources.TokenResource> = named("Token", z.object(token));
export const newTokenSchema: z.ZodType<resources.NewTokenResource> = named(
  "NewToken",
  z.object({ ...token, token: z.string().describe("Given this once only.") }),
);

export const pluginSchema: z.ZodType<resources.PluginResource> = named(
  "Plugin",
  z.object({
    team: z.string(),
    name: z.string(),
    layer: z.string(),
    displayName: z.string(),
    description: z.string(),
    versions: z.array(z.object({ version: z.string(), state: versionState })).describe("Newest first."),
    createdAt: time,
  }),
);

export const versionSchema: z.ZodType<resources.VersionResource> = named(
  "PluginVersion",
  z.object({
    plugin: z.string(),
    version: z.string(),
    state: versionState,
    fixed: z.boolean(),
    manifest: manifestSchema,
    config: z.array(configGroupSchema),
    privileges: z.array(z.custom<resources.VersionResource["privileges"][number]>()).meta({ items: { type: "string" } }),
    image: z.string().exactOptional(),
    imageDigest: z.string().exactOptional(),
    digest: z.string().exactOptional(),
    contextDigest: z.string().exactOptional(),
    lastBuild: z.string().exactOptional(),
    createdAt: time,
    etag,
  }),
);

export const buildSchema: z.ZodType<resources.BuildResource> = named(
  "Build",
  z.object({
    id: z.string(),
    team: z.string(),
    subject: z.string(),
    state: z.enum(["queued", "building", "built", "failed", "timed-out", "cancelled"]),
    reason: z.string().exactOptional(),
    image: z.string().exactOptional(),
    contextDigest: z.string().exactOptional(),
    createdAt: time,
    startedAt: time.exactOptional(),
    endedAt: time.exactOptional(),
  }),
);

const podState: z.ZodType<PodState> = z.enum(["waiting", "starting", "running", "ready", "failing", "stopping", "stopped"]);

const containerStatus: z.ZodType<ContainerStatus> = z.object({
  name: z.string(),
  role: z.enum(["init", "network", "app", "sidecar"]),
  plugin: z.string().exactOptional(),
  image: z.string(),
  state: z.enum(["waiting", "running", "exited"]),
  ready: z.boolean(),
  restarts: z.int(),
  exitCode: z.int().exactOptional(),
  reason: z.string().exactOptional(),
  startedAt: z.string().exactOptional(),
  finishedAt: z.string().exactOptional(),
  settings: z
    .object({ revision: z.int(), at: z.string(), problem: z.string().exactOptional() })
    .exactOptional()
    .describe("What the container's kept files hold."),
});

const podView: z.ZodType<resources.PodView> = z.object({
  name: z.string(),
  replica: z.int(),
  state: podState,
  reason: z.string().exactOptional(),
  ip: z.string().exactOptional(),
  upToDate: z.boolean(),
  containers: z.array(containerStatus),
});

export const applicationSchema: z.ZodType<resources.ApplicationResource> = named(
  "Application",
  z.object({
    team: z.string(),
    name: z.string(),
    components: z.array(z.object({ name: z.string(), state: podState, reason: z.string().exactOptional() })),
    createdAt: time,
    etag,
  }),
);

export const installationSchema: z.ZodType<resources.InstallationResource> = named(
  "Installation",
  z.object({
    plugin: z.string(),
    version: z.string(),
    previousVersion: z.string().exactOptional(),
    component: z.string(),
    application: z.string(),
    enabled: z.boolean(),
    values,
    resources: resourcesSchema.exactOptional(),
    mounts: mountSharingSchema.exactOptional(),
    origin: z.enum(["file", "api"]),
    state: z.enum(["installed", "starting", "healthy", "failing", "disabled"]),
    reason: z.string().exactOptional(),
    failures: z.int(),
    revision: z.int().describe("Of the values; rises with each change of them."),
    settings: z.array(
      z.object({
        pod: z.string(),
        by: z.enum(["discovery", "file", "xds"]),
        revision: z.int(),
        at: time,
        problem: z.string().exactOptional(),
      }),
    ),
    etag,
  }),
);

export const revisionSchema: z.ZodType<resources.RevisionResource> = named(
  "Revision",
  z.object({
    number: z.int(),
    version: z.string(),
    values,
    author: z.string().describe("Id of the token that made the change."),
    createdAt: time,
    rolledBackTo: z.int().exactOptional(),
  }),
);

export const componentStateSchema: z.ZodType<resources.ComponentResource> = named(
  "ComponentState",
  z.object({
    team: z.string(),
    application: z.string(),
    name: z.string(),
    spec: componentSchema,
    image: z.string().exactOptional(),
    contextDigest: z.string().exactOptional(),
    status: z.object({
      state: podState,
      reason: z.string().exactOptional(),
      upToDate: z.boolean(),
      pods: z.array(podView).describe("By replica."),
    }),
    installations: z.array(installationSchema),
    etag,
  }),
);

const changeKind = z.enum(["none", "hot", "restart", "recreate"]);

export const planSchema: z.ZodType<resources.PlanResource> = named(
  "Plan",
  z.object({
    kind: changeKind,
    components: z.array(
      z.object({
        component: z.string(),
        action: z.enum(["create", "change", "remove", "none"]),
        kind: changeKind,
        changes: z.array(
          z.object({
            kind: z.enum(["hot", "restart", "recreate"]),
            container: z.string().exactOptional(),
            action: z.enum(["add", "remove", "replace"]).exactOptional(),
            reason: z.string(),
          }),
        ),
        pod: z
          .custom<NonNullable<resources.ComponentPlan["pod"]>>()
          .meta({ type: "object", description: "The pod that would run." })
          .exactOptional(),
      }),
    ),
  }),
);

export const credentialSchema: z.ZodType<resources.CredentialResource> = named(
  "Credential",
  z.object({ name: z.string(), kind: z.enum(["registry", "git"]), host: z.string(), username: z.string(), updatedAt: time }),
);

export const eventSchema: z.ZodType<resources.EventResource> = named(
  "Event",
  z.object({
    id: z.int(),
    time,
    team: z.string(),
    subject: z.string(),
    kind: z.enum(["normal", "warning"]),
    reason: z.string(),
    message: z.string(),
  }),
);

export const serverSchema: z.ZodType<resources.ServerResource> = named(
  "Server",
  z.object({ version: z.string(), engine: z.object({ ok: z.boolean(), detail: z.string() }), node: z.string() }),
);

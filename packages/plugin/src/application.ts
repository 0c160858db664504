import * as z from "zod";
import { type ConfigValue, type Protocol, protocolField } from "./config-schema.ts";
import { asRecord, asRecords, duplicates, nameField, pathField, portField, variablesField, withRule } from "./fields.ts";
import {
  type DockerfileSource,
  dockerfileField,
  exactlyOne,
  type MountSharing,
  mountSharingField,
  type Probe,
  probeField,
  type Resources,
  resourcesField,
  type SecurityContext,
  securityContextField,
} from "./pod-body.ts";
import type { PlainProblem } from "./problem.ts";

/** A host address to open a port on; without an address it is loopback only. */
export interface Publish {
  readonly address: string;
  readonly port: number;
}

export interface Port {
  readonly port: number;
  readonly protocol: Protocol;
  readonly publish?: Publish;
}

/** A directory kept outside the containers. Ephemeral: it lives and dies with the pod. */
export interface Volume {
  readonly name: string;
  readonly path: string;
  readonly ephemeral: boolean;
}

/** A secret's value that is not in the file: read from a variable or a file when the file is applied. */
export interface SecretFrom {
  readonly fromEnv?: string;
  readonly fromFile?: string;
}

/** Group -> item -> value; in groups that depend on ports, group -> port (`8080`, `api:5000`) -> item -> value. */
export type ConfigValues = Readonly<Record<string, GroupValues>>;
export type GroupValues = Readonly<Record<string, GivenValue | Readonly<Record<string, GivenValue>>>>;
export type GivenValue = ConfigValue | SecretFrom;

/** A plug-in installed on a component, as app.yaml names it. */
export interface PluginUse {
  /** `NAME@VERSION`, or `NAME` for the version found beside the file or the newest built one. */
  readonly plugin: string;
  readonly values: ConfigValues;
  readonly enabled: boolean;
  readonly resources?: Resources;
  readonly mounts?: MountSharing;
}

/** One app container with what it needs, and its plug-ins. */
export interface Component {
  readonly name: string;
  readonly image?: string;
  readonly build?: DockerfileSource;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly Port[];
  readonly volumes: readonly Volume[];
  /** How many pods run side by side; each has volumes of its own. */
  readonly replicas: number;
  readonly resources: Resources;
  readonly readiness?: Probe;
  readonly liveness?: Probe;
  readonly startup?: Probe;
  readonly securityContext: SecurityContext;
  readonly dependsOn: readonly string[];
  readonly plugins: readonly PluginUse[];
  readonly terminationGracePeriodSeconds: number;
}

/** An app.yaml, with every default filled in. */
export interface Application {
  readonly apiVersion: "outrigger.dev/v1";
  readonly kind: "Application";
  readonly metadata: { readonly name: string; readonly team: string };
  readonly spec: { readonly components: readonly Component[] };
}

const publishField: z.ZodType<Publish> = z
  .union([
    portField,
    z.strictObject({
      address: z.union([z.ipv4(), z.ipv6()]).default("127.0.0.1").describe("0.0.0.0 opens the port to the network."),
      port: portField,
    }),
  ])
  .transform((value) => (typeof value === "number" ? { address: "127.0.0.1", port: value } : value));

const scalar = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
const givenValue: z.ZodType<GivenValue> = z.union([
  scalar,
  z.strictObject({ fromEnv: z.string() }),
  z.strictObject({ fromFile: z.string() }),
]);

export const configValuesField: z.ZodType<ConfigValues> = z.record(
  z.string(),
  z.record(z.string(), z.union([givenValue, z.record(z.string(), givenValue)])),
);

export const pluginUseField: z.ZodType<PluginUse> = z.strictObject({
  plugin: z.string().regex(/^[a-z0-9][a-z0-9-]*(@[\w.-]+)?$/, "A plug-in is named NAME@VERSION, e.g. log-collector@1.0.0."),
  values: configValuesField.default({}),
  enabled: z.boolean().default(true),
  resources: resourcesField.exactOptional(),
  mounts: mountSharingField.exactOptional(),
});

export const componentField: z.ZodType<Component> = withRule(
  z.strictObject({
    name: nameField,
    image: z.string().min(1).exactOptional(),
    build: dockerfileField.exactOptional(),
    command: z.array(z.string()).exactOptional(),
    args: z.array(z.string()).exactOptional(),
    workingDir: pathField.exactOptional(),
    env: variablesField.default({}),
    ports: z
      .array(z.strictObject({ port: portField, protocol: protocolField.default("tcp"), publish: publishField.exactOptional() }))
      .default([]),
    volumes: z.array(z.strictObject({ name: nameField, path: pathField, ephemeral: z.boolean().default(false) })).default([]),
    replicas: z.int().min(1).max(64).default(1).describe("How many pods run side by side; each has volumes of its own."),
    resources: resourcesField.prefault({}),
    readiness: probeField.exactOptional(),
    liveness: probeField.exactOptional(),
    startup: probeField.exactOptional(),
    securityContext: securityContextField.prefault({}),
    dependsOn: z.array(nameField).default([]),
    plugins: z.array(pluginUseField).default([]),
    terminationGracePeriodSeconds: z.int().min(0).max(86_400).default(10),
  }),
  componentRules,
);

/** The schema of app.yaml. Use {@link readApplication} to read a file: it places every mistake. */
export const applicationField: z.ZodType<Application> = withRule(
  z.strictObject({
    apiVersion: z.literal("outrigger.dev/v1"),
    kind: z.literal("Application"),
    metadata: z.strictObject({ name: nameField, team: nameField.default("default") }),
    spec: z.strictObject({ components: z.array(componentField).min(1) }),
  }),
  applicationRules,
);

function* componentRules(value: unknown): Generator<PlainProblem> {
  const component = asRecord(value);
  yield* exactlyOne(component, ["image", "build"], "the component's image comes from");
  yield* duplicates(asRecords(component["ports"]), "port", ["ports"], "The port");
  yield* duplicates(asRecords(component["volumes"]), "name", ["volumes"], "The volume");
  yield* duplicates(asRecords(component["volumes"]), "path", ["volumes"], "The mount path");
  yield* publishRules(component);
  const names = asRecords(component["plugins"]).map((use) => ({ plugin: String(use["plugin"] ?? "").split("@")[0] }));
  yield* duplicates(names, "plugin", ["plugins"], "The plug-in");
}

function* publishRules(component: Readonly<Record<string, unknown>>): Generator<PlainProblem> {
  const { replicas } = component;
  if (typeof replicas !== "number" || replicas < 2) return;
  for (const [index, port] of asRecords(component["ports"]).entries()) {
    if (port["publish"] === undefined) continue;
    yield {
      path: ["ports", index, "publish"],
      code: "conflict",
      message: `A port of the host can lead to one pod only, and ${String(component["name"])} has ${replicas}.`,
      found: String(replicas),
      hint: "Publish the port of a component in front of it, e.g. one with the plug-in egress-gateway, or write `replicas: 1`.",
    };
  }
}

/** The rules over all components of an app.yaml. */
export function* applicationRules(value: unknown): Generator<PlainProblem> {
  const components = asRecords(asRecord(asRecord(value)["spec"])["components"]);
  const at = ["spec", "components"];
  yield* duplicates(components, "name", at, "The component");
  const names = new Set(components.map((component) => component["name"]));
  const published = new Map<string, unknown>();
  yield* replicaNames(components, at);
  for (const [index, component] of components.entries()) {
    const needed: unknown = component["dependsOn"];
    for (const [place, name] of (Array.isArray(needed) ? needed : []).entries()) {
      if (names.has(name) && name !== component["name"]) continue;
      yield {
        path: [...at, index, "dependsOn", place],
        code: name === component["name"] ? "cycle" : "unknown-reference",
        message:
          name === component["name"]
            ? `${String(name)} can't depend on itself.`
            : `There is no component ${JSON.stringify(name)} in this file.`,
        found: String(name),
        expected: [...names].filter((other) => other !== component["name"]).join(", "),
      };
    }
    for (const [place, port] of asRecords(component["ports"]).entries()) {
      const publish = typeof port["publish"] === "number" ? port["publish"] : asRecord(port["publish"])["port"];
      if (publish === undefined) continue;
      const other = published.get(String(publish));
      if (other !== undefined) {
        yield {
          path: [...at, index, "ports", place, "publish"],
          code: "conflict",
          message: `The host's port ${String(publish)} is published by ${String(other)} already.`,
          found: String(publish),
          hint: "Publish each on a port of its own.",
        };
      }
      published.set(String(publish), component["name"]);
    }
  }
  yield* dependencyCycles(components);
}

/** The second pod of `api` is called `api-1`. */
function* replicaNames(components: readonly Readonly<Record<string, unknown>>[], at: readonly PropertyKey[]): Generator<PlainProblem> {
  const counts = new Map(components.map((component) => [component["name"], component["replicas"]]));
  for (const [index, component] of components.entries()) {
    const [, base, number] = /^(.+)-([1-9]\d*)$/.exec(String(component["name"])) ?? [];
    const count = counts.get(base);
    if (typeof count !== "number" || Number(number) >= count) continue;
    yield {
      path: [...at, index, "name"],
      code: "conflict",
      message: `${String(component["name"])} is the name of a pod of ${base}, which has ${count} replicas.`,
      found: String(component["name"]),
      hint: "Give one of the two components another name.",
    };
  }
}

function* dependencyCycles(components: readonly Readonly<Record<string, unknown>>[]): Generator<PlainProblem> {
  const needs = new Map(
    components.map((component) => [component["name"], Array.isArray(component["dependsOn"]) ? (component["dependsOn"] as unknown[]) : []]),
  );
  const done = new Set<unknown>();
  for (const [index, component] of components.entries()) {
    const circle = findCircle(component["name"], needs, done, []);
    if (circle === undefined || circle.length < 3) continue;
    yield {
      path: ["spec", "components", index, "dependsOn"],
      code: "cycle",
      message: `The components wait for each other in a circle: ${circle.join(" -> ")}.`,
      hint: "Remove one of these dependsOn.",
    };
    return;
  }
}

function findCircle(
  name: unknown,
  needs: ReadonlyMap<unknown, readonly unknown[]>,
  done: Set<unknown>,
  way: readonly unknown[],
): readonly unknown[] | undefined {
  const start = way.indexOf(name);
  if (start >= 0) return [...way.slice(start), name];
  if (done.has(name)) return undefined;
  done.add(name);
  for (const next of needs.get(name) ?? []) {
    const circle = findCircle(next, needs, done, [...way, name]);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

import * as z from "zod";
import { type ConfigFile, configFileField } from "./config-files.ts";
import { type Exports, exportsField } from "./exports.ts";
import { asRecord, asRecords, cpuField, duplicates, memoryField, nameField, pathField, portField, withRule } from "./fields.ts";
import type { PlainProblem } from "./problem.ts";

export type PodPluginType = "init" | "general" | "ingress" | "egress" | "ingress-egress" | "performance";

/** Where a version's image comes from: exactly one of the three. */
export interface ImageSource {
  readonly image?: string;
  readonly dockerfile?: DockerfileSource;
  readonly git?: GitSource;
}

/** A Dockerfile and its context, relative to the file that names them. */
export interface DockerfileSource {
  readonly context: string;
  readonly file: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** A Dockerfile in a git repository. `ref` is a branch, tag or commit. */
export interface GitSource {
  readonly url: string;
  readonly ref: string;
  readonly context: string;
  readonly file: string;
}

/** An amount of memory and CPU as written, e.g. `64Mi` and `50m`. */
export interface Amounts {
  readonly memory?: string;
  readonly cpu?: string;
}

/** `memory` and `cpu` set request and limit alike; `requests` and `limits` set them apart and win. */
export interface Resources extends Amounts {
  readonly requests?: Amounts;
  readonly limits?: Amounts;
}

/** A check of a container's health, as Kubernetes spells it; exactly one of exec, httpGet, tcpSocket. Times in seconds. */
export interface Probe {
  readonly exec?: { readonly command: readonly string[] };
  readonly httpGet?: { readonly port: number; readonly path: string; readonly scheme: "HTTP" | "HTTPS" };
  readonly tcpSocket?: { readonly port: number };
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Kubernetes' container security context, the part that every engine can keep. */
export interface SecurityContext {
  readonly privileged?: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

/** One of the component's volumes, seen by the plug-in. */
export interface SharedMount {
  readonly name: string;
  readonly readOnly: boolean;
}

/** Which of the component's volumes the plug-in sees, at the component's own paths. */
export interface MountSharing {
  readonly share: "all" | readonly SharedMount[];
  /** All of them read-only. */
  readonly readOnly: boolean;
}

/** A directory of the plug-in's own; `exports.mounts` hands it to the app. */
export interface PluginVolume {
  readonly name: string;
  readonly path: string;
  /** False: it outlives the pod, as a component's named volumes do. */
  readonly ephemeral: boolean;
}

/** The body of a plugin.yaml whose layer is `pod`. */
export interface PodPluginBody {
  readonly type: PodPluginType;
  readonly source: ImageSource;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly resources: Resources;
  readonly readiness?: Probe;
  readonly liveness?: Probe;
  readonly startup?: Probe;
  readonly securityContext: SecurityContext;
  readonly mounts: MountSharing;
  readonly volumes: readonly PluginVolume[];
  /** Files that are kept equal to the settings of the groups that name them. */
  readonly files: readonly ConfigFile[];
  readonly exports: Exports;
  /** Port at which the plug-in tells Prometheus its figures, at /metrics. */
  readonly metrics?: number;
  /** Names of plug-ins that start after this one, where both are installed. */
  readonly before: readonly string[];
  /** Names of plug-ins that start before this one, where both are installed. */
  readonly after: readonly string[];
  readonly terminationGracePeriodSeconds: number;
}

export const dockerfileField: z.ZodType<DockerfileSource> = z.strictObject({
  context: z.string().default(".").describe("The folder sent to the builder, relative to this file."),
  file: z.string().default("Dockerfile").describe("The Dockerfile, relative to the context."),
  args: z.record(z.string(), z.string()).exactOptional().describe("Build arguments."),
  target: z.string().exactOptional().describe("The stage to build."),
});

const sourceField: z.ZodType<ImageSource> = withRule(
  z.strictObject({
    image: z.string().min(1).exactOptional().describe("An image to use as it is."),
    dockerfile: dockerfileField.exactOptional(),
    git: z
      .strictObject({
        url: z.string().min(1),
        ref: z.string().min(1).default("HEAD"),
        context: z.string().default("."),
        file: z.string().default("Dockerfile"),
      })
      .exactOptional(),
  }),
  (value) => exactlyOne(value, ["image", "dockerfile", "git"], "the plug-in's image comes from"),
);

/** The rule that just one of `keys` is there. */
export function* exactlyOne(value: unknown, keys: readonly string[], what: string): Generator<PlainProblem> {
  const there = keys.filter((key) => asRecord(value)[key] !== undefined);
  if (there.length === 1) return;
  yield {
    path: there[1] === undefined ? [] : [there[1]],
    code: there.length === 0 ? "missing-key" : "conflict",
    message: there.length === 0 ? `Nothing says where ${what}.` : `${there.join(" and ")} both say where ${what}.`,
    expected: `exactly one of ${keys.join(", ")}`,
    hint: `Keep exactly one of ${keys.join(", ")}.`,
  };
}

const amounts = { memory: memoryField.exactOptional(), cpu: cpuField.exactOptional() };

export const resourcesField: z.ZodType<Resources> = z.strictObject({
  ...amounts,
  requests: z.strictObject(amounts).exactOptional(),
  limits: z.strictObject(amounts).exactOptional(),
});

const seconds = z.int().min(0).max(86_400);

export const probeField: z.ZodType<Probe> = withRule(
  z.strictObject({
    exec: z.strictObject({ command: z.array(z.string()).min(1) }).exactOptional(),
    httpGet: z
      .strictObject({ port: portField, path: z.string().default("/"), scheme: z.enum(["HTTP", "HTTPS"]).default("HTTP") })
      .exactOptional(),
    tcpSocket: z.strictObject({ port: portField }).exactOptional(),
    initialDelaySeconds: seconds.default(0),
    periodSeconds: seconds.min(1).default(10),
    timeoutSeconds: seconds.min(1).default(1),
    successThreshold: z.int().min(1).default(1),
    failureThreshold: z.int().min(1).default(3),
  }),
  (value) => exactlyOne(value, ["exec", "httpGet", "tcpSocket"], "the probe looks"),
);

export const securityContextField: z.ZodType<SecurityContext> = z.strictObject({
  privileged: z.boolean().exactOptional(),
  runAsUser: z.int().min(0).exactOptional(),
  runAsGroup: z.int().min(0).exactOptional(),
  readOnlyRootFilesystem: z.boolean().exactOptional(),
  capabilities: z.strictObject({ add: z.array(capability()).exactOptional(), drop: z.array(capability()).exactOptional() }).exactOptional(),
});

function capability(): z.ZodString {
  return z.string().regex(/^(?!CAP_)[A-Z][A-Z_]*$/, "A capability is written without CAP_, e.g. NET_ADMIN.");
}

const sharedMountField: z.ZodType<SharedMount> = z
  .union([nameField, z.strictObject({ name: nameField, readOnly: z.boolean().default(false) })])
  .transform((value) => (typeof value === "string" ? { name: value, readOnly: false } : value));

export const mountSharingField: z.ZodType<MountSharing> = z.strictObject({
  share: z.union([z.literal("all"), z.array(sharedMountField)]).default("all"),
  readOnly: z.boolean().default(false),
});

export const podBodyField: z.ZodType<PodPluginBody> = withRule(
  z.strictObject({
    type: z.enum(["init", "general", "ingress", "egress", "ingress-egress", "performance"]),
    source: sourceField,
    command: z.array(z.string()).exactOptional(),
    args: z.array(z.string()).exactOptional(),
    workingDir: pathField.exactOptional(),
    resources: resourcesField.prefault({}),
    readiness: probeField.exactOptional(),
    liveness: probeField.exactOptional(),
    startup: probeField.exactOptional(),
    securityContext: securityContextField.prefault({}),
    mounts: mountSharingField.prefault({}).describe("Which of the component's volumes the plug-in sees."),
    volumes: z.array(z.strictObject({ name: nameField, path: pathField, ephemeral: z.boolean().default(true) })).default([]),
    files: z.array(configFileField).default([]),
    exports: exportsField.prefault({}).describe("What the app gets from this plug-in: variables and directories."),
    metrics: portField.exactOptional().describe("Port of the plug-in's /metrics, for Prometheus."),
    before: z.array(nameField).default([]),
    after: z.array(nameField).default([]),
    terminationGracePeriodSeconds: seconds.default(10),
  }),
  podRules,
);

function* podRules(value: unknown): Generator<PlainProblem> {
  const body = asRecord(value);
  yield* duplicates(asRecords(body["volumes"]), "name", ["volumes"], "The volume");
  yield* exportRules(body);
  yield* egressRules(body);
  if (body["type"] !== "init") return;
  for (const probe of ["readiness", "liveness", "startup"]) {
    if (body[probe] === undefined) continue;
    yield {
      path: [probe],
      code: "wrong-value",
      message: "An init plug-in has no probes: it is done when it ends with 0.",
      hint: `Remove \`${probe}\`.`,
    };
  }
}

function* exportRules(body: Readonly<Record<string, unknown>>): Generator<PlainProblem> {
  const own = asRecords(body["volumes"]).map((volume) => volume["name"]);
  for (const [index, mount] of asRecords(asRecord(body["exports"])["mounts"]).entries()) {
    if (own.includes(mount["volume"])) continue;
    yield {
      path: ["exports", "mounts", index, "volume"],
      code: "unknown-reference",
      message: `${String(mount["volume"])} is none of the plug-in's own volumes.`,
      found: String(mount["volume"]),
      expected: own.join(", "),
      hint: "Add it to `volumes`.",
    };
  }
}

/** The calls of an egress plug-in must be told from the app's, or they would come back to it. */
function* egressRules(body: Readonly<Record<string, unknown>>): Generator<PlainProblem> {
  const user = asRecord(body["securityContext"])["runAsUser"];
  if ((body["type"] !== "egress" && body["type"] !== "ingress-egress") || typeof user === "number") return;
  yield {
    path: ["securityContext", "runAsUser"],
    code: "missing-key",
    message: `A plug-in of the type ${body["type"]} runs as a user of its own, by which its calls are told from the app's.`,
    hint: "Add `securityContext: { runAsUser: 65301 }`, or any number that the app does not run as.",
  };
}

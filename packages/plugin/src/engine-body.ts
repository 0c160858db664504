import * as z from "zod";
import { asRecord, memoryField, nameField, withRule } from "./fields.ts";
import { type FailPolicy, type HookId, type HookName, hookIds, hookOf } from "./hook-points.ts";
import type { PlainProblem } from "./problem.ts";

/**
 * Where a plug-in's code runs. `process`: its own process under its own user; any language. `worker`: a thread of the gateway with its own heap.
 * `inline`: in the gateway itself, for code that is trusted with everything; neither of the latter two keeps malicious code in.
 */
export type Isolation = "process" | "worker" | "inline";

/** What a door to a container is called; see the SDK's `Door`. */
export type DoorName = "create" | "service" | "exec" | "commit" | "build";

/** Which calls reach a hook; the gateway skips the plug-in for all others. */
export interface HookFilter {
  /** At `container.preCreate`. Absent: `create` and `service`. */
  readonly doors?: readonly DoorName[];
  /** Glob patterns (`*` and `?`), one of which the image's reference must match. */
  readonly images?: readonly string[];
  /** Labels that the container must have; an empty value stands for any. */
  readonly labels?: Readonly<Record<string, string>>;
  /** At `api.request`: methods in capitals. */
  readonly methods?: readonly string[];
  /** At `api.request`: route names, or prefixes with `*` at the end, e.g. `container.*`. */
  readonly routes?: readonly string[];
}

/** Where a handler stands among those that say nothing: before or after all of them. */
export type HookOrder = "pre" | "post";

/** One hook that a plug-in asks for. */
export interface HookRequest {
  readonly hook: HookId;
  readonly failPolicy?: FailPolicy;
  /** For one call. */
  readonly timeoutSeconds?: number;
  readonly order?: HookOrder;
  readonly filter?: HookFilter;
}

/** What an engine plug-in may do beyond being called. Fields are ways into a hook's input: `body.HostConfig.Memory`, `body.Labels.*`; `*` is one key, at the end everything below. */
export interface EnginePrivileges {
  /** Fields it sees. Absent: all but variables (`body.Env`), which must be named. */
  readonly see?: readonly string[];
  /** Fields it may change. Absent: none. */
  readonly change: readonly string[];
  /** Told which process of this machine sent a request, and so its user. May be withheld; looking it up takes some 10 to 50 ms for each connection. */
  readonly clientProcess: boolean;
  /** May start helper processes at `daemon.preStart`. */
  readonly helpers: boolean;
  /** Its process runs as root instead of a user of its own. */
  readonly runAsRoot: boolean;
}

/** The body of a plugin.yaml whose layer is `engine`: a module, or a program that speaks the SDK's protocol. */
export interface EnginePluginBody {
  /** A JavaScript or TypeScript module, relative to the file. Exactly one of `entry` and `command`. */
  readonly entry?: string;
  /** A program of any language and its arguments, started in the plug-in's folder; isolation `process`. */
  readonly command?: readonly string[];
  readonly isolation: Isolation;
  readonly hooks: readonly HookRequest[];
  /** Plug-ins that come after, or before, this one. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Among plug-ins that `before` and `after` leave open: higher comes first. */
  readonly priority: number;
  readonly privileges: EnginePrivileges;
  /** Memory above which its process or worker is ended and started anew. */
  readonly memory: string;
}

const hookField: z.ZodType<HookId> = z.enum(hookIds);

const filterField: z.ZodType<HookFilter> = z.strictObject({
  doors: z
    .array(z.enum(["create", "service", "exec", "commit", "build"]))
    .min(1)
    .exactOptional(),
  images: z.array(z.string().min(1)).min(1).exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/, "A method has capitals only."))
    .min(1)
    .exactOptional(),
  routes: z.array(z.string().min(1)).min(1).exactOptional(),
});

const hookRequestField: z.ZodType<HookRequest> = z.union([
  hookField.transform((hook): HookRequest => ({ hook })),
  z.strictObject({
    hook: hookField,
    failPolicy: z
      .enum(["closed", "open"])
      .exactOptional()
      .describe("What a failure of the plug-in does to the request: refuse it, or go on without the plug-in."),
    timeoutSeconds: z.number().positive().max(600).exactOptional(),
    order: z.enum(["pre", "post"]).exactOptional(),
    filter: filterField.exactOptional(),
  }),
]);

const fieldPath = z
  .string()
  .regex(/^(\*|[A-Za-z_][\w-]*)(\.(\*|[^.\s]+))*$/, "A field is a way into the hook's input, e.g. body.HostConfig.Memory or body.Labels.*");

export const engineBodyField: z.ZodType<EnginePluginBody> = withRule(
  z.strictObject({
    entry: z.string().min(1).exactOptional().describe("A JavaScript or TypeScript module, relative to this file."),
    command: z.array(z.string().min(1)).min(1).exactOptional().describe("A program of any language that speaks the plug-in protocol."),
    isolation: z.enum(["process", "worker", "inline"]).default("process"),
    hooks: z.array(hookRequestField).min(1),
    before: z.array(nameField).default([]),
    after: z.array(nameField).default([]),
    priority: z.int().min(-1000).max(1000).default(0),
    privileges: z
      .strictObject({
        see: z.array(fieldPath).exactOptional(),
        change: z.array(fieldPath).default([]),
        clientProcess: z.boolean().default(false),
        helpers: z.boolean().default(false),
        runAsRoot: z.boolean().default(false),
      })
      .prefault({}),
    memory: memoryField.default("256Mi"),
  }),
  engineRules,
);

function* engineRules(value: unknown): Generator<PlainProblem> {
  const body = asRecord(value);
  if ((body["entry"] === undefined) === (body["command"] === undefined)) {
    yield {
      path: [body["entry"] === undefined ? "entry" : "command"],
      code: body["entry"] === undefined ? "missing-key" : "conflict",
      message: "A plug-in has either an entry (a module) or a command (a program), and only one of them.",
    };
  }
  if (body["command"] !== undefined && (body["isolation"] ?? "process") !== "process") {
    yield {
      path: ["isolation"],
      code: "wrong-value",
      message: "A program runs in its own process.",
      found: String(body["isolation"]),
      expected: "process",
    };
  }
  const entry = body["entry"];
  if (typeof entry === "string" && (entry.startsWith("/") || entry.split("/").includes(".."))) {
    yield {
      path: ["entry"],
      code: "wrong-value",
      message: "The entry lies in the plug-in's own folder.",
      found: entry,
      hint: "Write a way without .. and without a slash at its start.",
    };
  }
  const seen = new Set<unknown>();
  const hooks = Array.isArray(body["hooks"]) ? body["hooks"] : [];
  for (const [index, hook] of hooks.entries()) {
    const id: unknown = typeof hook === "string" ? hook : asRecord(hook)["hook"];
    if (seen.has(id)) yield { path: ["hooks", index], code: "duplicate-name", message: `The hook ${JSON.stringify(id)} stands twice.` };
    seen.add(id);
  }
}

/** Everything that an engine plug-in's manifest asks for, as a person grants it; sorted. */
export function enginePrivilegesOf({ hooks, privileges, isolation }: EnginePluginBody): readonly string[] {
  const names = new Set<HookName>(hooks.map(({ hook }) => hookOf(hook)));
  return [
    ...[...names].map((name) => `hook:${name}`),
    ...(privileges.see ?? []).map((field) => `see:${field}`),
    ...privileges.change.map((field) => `change:${field}`),
    ...(privileges.clientProcess ? ["client-process"] : []),
    ...(privileges.helpers ? ["helpers"] : []),
    ...(privileges.runAsRoot ? ["run-as-root"] : []),
    ...(isolation === "process" ? [] : [`isolation:${isolation}`]),
  ].sort();
}

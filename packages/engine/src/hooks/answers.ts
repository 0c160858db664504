import type { CollectHook, HookId } from "@outrigger/plugin";
import { hookOf, hookPoints, isChangeHook, nameField } from "@outrigger/plugin";
import type { HookAnswer, RouteAnswer } from "@outrigger/sdk";
import * as z from "zod";
import { engineErrors } from "../errors.ts";

const text = z.string().max(4096);
const absolute = z.string().startsWith("/", "it is no absolute path");

const refusal = z.strictObject({
  message: text.min(1),
  code: z.string().min(1).max(128).exactOptional(),
  hint: text.exactOptional(),
  status: z.int().min(400).max(499).exactOptional(),
});
const warnings = z.array(text).max(100);
const hookAnswer = z.strictObject({
  input: z.unknown().optional(),
  change: z.unknown().optional(),
  result: z.unknown().optional(),
  refuse: refusal.exactOptional(),
  warnings: warnings.exactOptional(),
});
const routeAnswer = z.strictObject({
  request: z
    .strictObject({
      method: z.string(),
      path: z.string(),
      version: z.string().nullable(),
      parameters: z.record(z.string(), z.string()),
      query: z.array(z.tuple([z.string(), z.string()])),
      headers: z.record(z.string(), z.string()),
      body: z.unknown().optional(),
    })
    .exactOptional(),
  response: z
    .strictObject({
      status: z.int().min(200).max(599),
      headers: z.record(z.string(), z.string()).exactOptional(),
      body: z.unknown().optional(),
    })
    .exactOptional(),
  refuse: refusal.exactOptional(),
  warnings: warnings.exactOptional(),
});

const results: Readonly<Record<CollectHook, z.ZodType>> = {
  "daemon.preStart": z.strictObject({
    helpers: z
      .array(
        z.strictObject({
          name: nameField,
          command: z.tuple([absolute], z.string()),
          env: z.record(z.string().min(1), z.string()).exactOptional(),
          ready: absolute.exactOptional(),
        }),
      )
      .exactOptional(),
  }),
  "container.preStart": z.strictObject({
    hooks: z
      .array(
        z.strictObject({
          stage: z.enum(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]).exactOptional(),
          priority: z.int(),
          path: absolute,
          args: z.array(z.string()).min(1).exactOptional(),
          env: z.array(z.string().regex(/^[^=]+=/u, "it is not NAME=VALUE")).exactOptional(),
          timeout: z.int().min(1).exactOptional(),
        }),
      )
      .exactOptional(),
  }),
};

/** Takes what a plug-in answered for a hook, or says what is wrong with it. @throws plugin-fault */
export function checkAnswer(hook: HookId, value: unknown): HookAnswer {
  const answer = check(hookAnswer, value, "its answer") as HookAnswer;
  const given = (["input", "change", "result", "refuse"] as const).filter((name) => answer[name] !== undefined);
  if (given.length > 1) throw fault(`its answer has ${given.join(" and ")}, of which only one can be`);
  const name = hookOf(hook);
  const changes = isChangeHook(name) && !hook.endsWith("/validate");
  const strange = given.find((part) => part !== "refuse" && !(part === "result" ? hookPoints[name].kind === "collect" : changes));
  if (strange !== undefined) throw fault(`its answer has ${strange}, which ${hook} does not take`);
  return answer;
}

export function checkRouteAnswer(value: unknown): RouteAnswer {
  return check(routeAnswer, value, "its answer") as RouteAnswer;
}

/** @throws plugin-fault when a result has not the shape of its hook point */
export function checkResult(hook: CollectHook, result: unknown): void {
  check(results[hook], result, "its result");
}

/** A failure of a plug-in, in words that stand after its name. */
export function fault(reason: string): Error {
  return engineErrors["plugin-fault"]({ reason });
}

function check(schema: z.ZodType, value: unknown, what: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return value;
  const [issue] = parsed.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw fault(`${what} is wrong${at}: ${issue?.message ?? "it does not fit"}`);
}

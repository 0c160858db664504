import * as z from "zod";
import { sdkErrors } from "../../errors.ts";
import type { KubernetesRequest } from "../kubernetes-client.ts";
import type { ExecParams, HelloResult, LogParams, ValidateResult } from "../protocol.ts";

interface Shapes {
  readonly exec: ExecParams;
  readonly kubernetes: KubernetesRequest;
  readonly log: LogParams;
  readonly hello: HelloResult;
  readonly validate: ValidateResult;
}

/** Everything that comes from a plug-in is looked at before it is used. */
const shapes: { readonly [Name in keyof Shapes]: z.ZodType<Shapes[Name]> } = {
  exec: z.strictObject({
    host: z.string(),
    script: z.string(),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().regex(/^[^\0]*$/)).exactOptional(),
    timeout: z.number().positive().exactOptional(),
    workingDirectory: z
      .string()
      .regex(/^\/[^\0]*$/)
      .exactOptional(),
  }),
  kubernetes: z.strictObject({
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path: z.string(),
    body: z.unknown().optional(),
    patch: z.enum(["merge", "strategic-merge", "json", "apply"]).exactOptional(),
  }),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]), text: z.string() }),
  hello: z.strictObject({
    protocol: z.int(),
    type: z.string(),
    validate: z.boolean(),
    undo: z.boolean(),
  }),
  validate: z.strictObject({ problems: z.array(z.string()) }),
};

/** What a plug-in asked, told or answered. @throws message-invalid */
export function fromPlugin<Name extends keyof Shapes>(name: Name, value: unknown): Shapes[Name] {
  const read = shapes[name].safeParse(value);
  if (read.success) return read.data;
  const reason = read.error.issues.map(({ path, message }) => `${path.length === 0 ? "" : `${path.join(".")}: `}${message}`).join("; ");
  throw sdkErrors["message-invalid"]({ method: name, reason });
}

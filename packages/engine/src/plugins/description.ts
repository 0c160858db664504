import { hookIds } from "@outrigger/plugin";
import type { PluginDescription } from "@outrigger/sdk";
import * as z from "zod";
import { fault } from "../hooks/answers.ts";

const description = z.strictObject({
  name: z.string(),
  hooks: z
    .array(
      z.strictObject({
        hook: z.enum(hookIds),
        order: z.enum(["pre", "post"]).exactOptional(),
        filter: z
          .strictObject({
            doors: z.array(z.enum(["create", "service", "exec", "commit", "build"])).exactOptional(),
            images: z.array(z.string()).exactOptional(),
            labels: z.record(z.string(), z.string()).exactOptional(),
            methods: z.array(z.string()).exactOptional(),
            routes: z.array(z.string()).exactOptional(),
          })
          .exactOptional(),
      }),
    )
    .exactOptional(),
  routes: z
    .array(
      z.strictObject({
        method: z.string().regex(/^(\*|[A-Z]+)$/),
        path: z.string().startsWith("/"),
        versions: z.enum(["both", "versioned", "unversioned"]).exactOptional(),
        action: z.enum(["remove", "handle", "wrap"]),
        wraps: z.array(z.enum(["request", "response"])).exactOptional(),
      }),
    )
    .exactOptional(),
});

/** Takes what a plug-in says of itself. @throws plugin-fault */
export function checkDescription(value: unknown): PluginDescription {
  const parsed = description.safeParse(value);
  if (parsed.success) return parsed.data as PluginDescription;
  const [issue] = parsed.error.issues;
  throw fault(`what it says of itself is wrong at ${issue?.path.join(".") || "its root"}: ${issue?.message ?? "it does not fit"}`);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { createDispatcher } from "../src/hooks/create-dispatcher.ts";
import { inlineMember } from "./support/inline-member.ts";

test("a wrapper that does not say which sides it wants is asked for both", () => {
  const member = inlineMember({ name: "wrapper", hooks: { "api.routes": [] } });
  const route = { method: "GET", path: "/containers/json", action: "wrap" } as const;
  const sides = (routes: readonly (typeof route & { readonly wraps?: readonly "response"[] })[]) =>
    createDispatcher([{ ...member, routes }]).routes.map(({ wraps }) => wraps);
  assert.deepEqual(sides([route, { ...route, wraps: ["response"] }]), [["request", "response"], ["response"]]);
});

import type { EnginePrivileges, FailPolicy } from "@outrigger/plugin";
import { CallContext, callPlugin, callRoute, describePlugin, type EnginePlugin, requiredHandler } from "@outrigger/sdk";
import { createBreaker } from "../../src/hooks/breaker.ts";
import type { Member } from "../../src/hooks/member.ts";

/** Everything that a plug-in can be granted. */
export const everything: EnginePrivileges = {
  see: ["*", "body.Env", "body.TaskTemplate.ContainerSpec.Env", "config.envs", "container.env"],
  change: ["*"],
  clientProcess: true,
  helpers: true,
  runAsRoot: true,
};

export interface MemberOptions {
  readonly privileges?: EnginePrivileges;
  readonly failPolicy?: FailPolicy;
  readonly timeout?: number;
}

/** A plug-in that runs in the gateway itself, as inline-host.ts has it. */
export function inlineMember(plugin: EnginePlugin, options: MemberOptions = {}): Member {
  const { privileges = everything, failPolicy = "closed", timeout = 1_000 } = options;
  const log = (): void => {};
  return {
    name: plugin.name,
    version: "1.0.0",
    before: [],
    after: [],
    priority: 0,
    privileges,
    hooks: (describePlugin(plugin).hooks ?? []).map(({ hook }) => ({ hook, order: undefined, filter: {}, failPolicy, timeout })),
    routes: [],
    callee: {
      call: (hook, { facts, input }) => callPlugin(plugin, { hook, facts, input }),
      handler: (hook) => {
        const handler = requiredHandler(plugin, hook);
        return (input, call) => handler(input, new CallContext(call.facts, {}, log, call));
      },
      route: (index, side, call) => callRoute(plugin, index, side, call),
      suspect: () => {},
      shares: true,
    },
    breaker: createBreaker(),
  };
}

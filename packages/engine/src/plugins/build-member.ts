import { type EnginePluginManifest, type HookRequest, hookOf, hookPoints } from "@outrigger/plugin";
import type { PluginDescription } from "@outrigger/sdk";
import { fault } from "../hooks/answers.ts";
import { createBreaker } from "../hooks/breaker.ts";
import type { Member, MemberHook } from "../hooks/member.ts";
import { isGranted } from "./installed.ts";
import type { RunningPlugin } from "./keep-running.ts";
import type { PluginSetting } from "./settings-file.ts";

/**
 * What the dispatcher needs to know of a plug-in, from its manifest, its settings and itself. The settings stand over the manifest, the manifest over the module.
 * @throws plugin-fault where the module and the manifest don't agree
 */
export function buildMember(manifest: EnginePluginManifest, setting: PluginSetting, running: RunningPlugin): Member {
  const { engine } = manifest.spec;
  const { name, version } = manifest.metadata;
  const description = running.description();
  if (description !== undefined) checkAgreement(manifest, description);
  return {
    name,
    version,
    before: setting.before ?? engine.before,
    after: setting.after ?? engine.after,
    priority: setting.priority ?? engine.priority,
    privileges: { ...engine.privileges, clientProcess: engine.privileges.clientProcess && isGranted("client-process", setting.grants) },
    hooks: engine.hooks.map((asked) => buildHook(asked, setting, description)),
    routes: description?.routes ?? [],
    callee: running,
    breaker: createBreaker(),
  };
}

function buildHook(asked: HookRequest, { failPolicy }: PluginSetting, description: PluginDescription | undefined): MemberHook {
  const own = description?.hooks?.find(({ hook }) => hook === asked.hook);
  const point = hookPoints[hookOf(asked.hook)];
  return {
    hook: asked.hook,
    order: asked.order ?? own?.order,
    filter: asked.filter ?? own?.filter ?? {},
    failPolicy: policyOf(asked, failPolicy),
    timeout: asked.timeoutSeconds === undefined ? point.timeout : asked.timeoutSeconds * 1000,
  };
}

function policyOf(asked: HookRequest, overruled: PluginSetting["failPolicy"]): MemberHook["failPolicy"] {
  return overruled[asked.hook] ?? asked.failPolicy ?? hookPoints[hookOf(asked.hook)].failPolicy;
}

/** True where requests are refused while the plug-in does not run. */
export function isRequired(manifest: EnginePluginManifest, setting: PluginSetting): boolean {
  return manifest.spec.engine.hooks.some((asked) => policyOf(asked, setting.failPolicy) === "closed");
}

function checkAgreement({ metadata, spec }: EnginePluginManifest, description: PluginDescription): void {
  if (description.name !== metadata.name) throw fault(`it calls itself ${description.name}`);
  const asked = new Set(spec.engine.hooks.map(({ hook }) => hook));
  const strange = description.hooks?.find(({ hook }) => !asked.has(hook));
  if (strange !== undefined) throw fault(`it handles ${strange.hook}, which its plugin.yaml does not name`);
  const unhandled =
    description.hooks === undefined ? undefined : [...asked].find((hook) => !description.hooks?.some((own) => own.hook === hook));
  if (unhandled !== undefined) throw fault(`its plugin.yaml names ${unhandled}, which it does not handle`);
  if (description.routes !== undefined && !asked.has("api.routes"))
    throw fault("it has routes, but its plugin.yaml does not name api.routes");
}

import { type PhaseName, type PlainProblem, phases } from "@outrigger/plugin";
import type { PluginDocument } from "../model/plugin-document.ts";
import { ourApiVersion } from "./document-fields.ts";
import type { WrittenPlugin } from "./plugin-schema.ts";
import { bracesTrap } from "./template-checks.ts";

/** The phases at which Sealer's built-in types did something; elsewhere they did nothing and said nothing. */
const sealerPhases: Readonly<Record<string, readonly PhaseName[]>> = {
  HOSTNAME: ["PreInit", "PreJoin"],
  LABEL: ["PreGuest"],
  TAINT: ["PreGuest"],
  CLUSTERCHECK: ["PreGuest"],
};

const hostHooks: readonly PhaseName[] = ["pre-init-host", "post-init-host", "pre-clean-host", "post-clean-host", "upgrade-host"];

/** What a document of Sealer's does otherwise here than there. Documents of our own apiVersion have no past. */
export function trapsOf(written: WrittenPlugin, given: PluginDocument["given"]): readonly PlainProblem[] {
  return written.apiVersion === ourApiVersion ? [] : [...traps(written, given)];
}

function* traps({ apiVersion = "", spec }: WrittenPlugin, given: PluginDocument["given"]): Generator<PlainProblem> {
  const { type = "", phases: at = [] } = given;
  if (at.includes("PreInstall")) {
    yield trap("action", `Sealer never came to PreInstall. Here it has a moment: ${phases.PreInstall.meaning}`, "PreInstall");
  }
  const elsewhere = at.filter((phase) => sealerPhases[type]?.includes(phase) === false);
  if (elsewhere.length > 0) {
    const usual = (sealerPhases[type] ?? []).join(" and ");
    yield trap("action", `Sealer ran ${type} at ${usual} alone. Here it runs at ${elsewhere.join(" and ")}, too.`, elsewhere.join("|"));
  }
  if (typeof spec.action === "string" && /\s\||\|\s/.test(spec.action) && at.some((phase) => /^[A-Z]/.test(phase))) {
    yield trap("action", "Sealer did nothing at actions with spaces beside `|`. Here they count.", spec.action);
  }
  if (spec.on !== undefined && given.targets !== undefined && type in sealerPhases) {
    yield trap("on", `Sealer heeded \`on\` for SHELL alone. Here ${type} is for these hosts only.`, String(spec.on));
  }
  if (spec.on === "role=master" || spec.on === "role=node") {
    const role = spec.on.slice("role=".length);
    yield trap("on", `This is a label selector; Sealer before 0.5.1 read it as the role.`, spec.on, `For the role, write \`on: ${role}\`.`);
  }
  const everywhere = at.filter((phase) => hostHooks.includes(phase));
  if (apiVersion.startsWith("sealer.io/") && spec.scope === undefined && spec.on === undefined && everywhere.length > 0) {
    yield trap(
      "action",
      `Sealer 0.9 skipped ${everywhere.join(" and ")} without a \`scope\`. Here it runs on all hosts of the operation.`,
      "nothing",
    );
  }
  if (spec.template === undefined) yield* bracesTrap(spec.data);
}

function trap(field: string, message: string, found: string, hint?: string): PlainProblem {
  return { path: ["spec", field], code: "reads-differently", message, found, ...(hint === undefined ? {} : { hint }) };
}

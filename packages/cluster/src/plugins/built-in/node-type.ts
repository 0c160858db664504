import type { PlainProblem } from "@outrigger/plugin";
import type { ClusterContext } from "@outrigger/sdk";
import { clusterErrors } from "../../errors.ts";
import { type ChangeOptions, changeNodes, type UndoRecord, undoNodes } from "../../kubernetes/change-nodes.ts";
import type { NodeChange } from "../../kubernetes/node-change.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import type { Host } from "../../model/host.ts";
import type { CalledType } from "../plugin-type.ts";
import { phasesWithApi } from "./common-problems.ts";
import { hostsOfContext } from "./context-hosts.ts";

type ReadChanges = (
  plugin: ClusterPlugin,
  hosts: readonly Host[],
) => { readonly changes: ReadonlyMap<string, NodeChange>; readonly problems: readonly PlainProblem[] };

/** A type whose data says what nodes shall have. */
export function nodeType(type: string, read: ReadChanges, check: CalledType["check"]): CalledType {
  const changesOf = (plugin: ClusterPlugin, context: ClusterContext): ReadonlyMap<string, NodeChange> => {
    const { changes, problems } = read(plugin, hostsOfContext(context));
    // Whom the data means was checked when it was planned: an address that nobody has now is that of a host that has left.
    const first = problems.find(({ code }) => code !== "unknown-reference");
    if (first !== undefined) throw clusterErrors["plugin-data-invalid"]({ plugin: plugin.name, reason: first.message });
    return changes;
  };
  return {
    type,
    kind: "called",
    phases: phasesWithApi,
    privileges: ["kubernetes:write"],
    check,
    run: async (plugin, context, phase) => {
      const changes = changesOf(plugin, context);
      const changed = await changeNodes(context.kubernetes, changes, optionsOf(plugin, context, phase));
      const right = changes.size - changed.length;
      context.log.info(
        `${count(changed.length)} changed, ${right === 0 ? "none was" : `${right} ${right === 1 ? "was" : "were"}`} right already`,
      );
    },
    undo: async (plugin, context, phase) => {
      const changes = changesOf(plugin, context);
      const undone = await undoNodes(context.kubernetes, changes, optionsOf(plugin, context, phase));
      context.log.info(`${count(undone.length)} put back`);
    },
  };
}

function count(nodes: number): string {
  return nodes === 1 ? "1 node" : `${nodes} nodes`;
}

function optionsOf(
  { name }: ClusterPlugin,
  { run, log, signal }: ClusterContext,
  phase: string,
): ChangeOptions & { readonly record: UndoRecord } {
  return { record: { name: `${phase}/${name}`, run }, log, signal };
}

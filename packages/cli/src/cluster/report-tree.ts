import { createProgressTree, type ProgressNode } from "../output/progress-tree.ts";
import { partWords, plainText } from "./plain-text.ts";
import type { Reporter } from "./reporter.ts";

/** A node for each phase and step in which something is done, drawn in place; under the one that goes on, its hosts. */
export function treeReporter(): Reporter {
  const tree = createProgressTree(process.stderr);
  const tasks = new Map<string, ProgressNode>();
  let stage: { readonly id: string; readonly label: string } | undefined;
  let count = 0;
  const draw = (state: string, busy: boolean): void => {
    if (stage === undefined) return;
    const shown = [...tasks.values()].filter((node) => busy || node.state !== "done");
    tree.set({ ...stage, state, busy, children: shown });
  };
  const put = (id: string, node: Partial<ProgressNode> & { readonly label?: string }): void => {
    const before = tasks.get(id) ?? { id, label: id, state: "running" };
    tasks.set(id, { ...before, ...node });
    draw("running", true);
  };
  const end = (): void => {
    const failed = [...tasks.values()].some(({ state }) => state === "failed" || state === "cancelled");
    draw(failed ? "failed" : "done", false);
    tasks.clear();
    stage = undefined;
  };
  const begin = (label: string): void => {
    end();
    count += 1;
    stage = { id: `${count} ${label}`, label };
  };
  const sayIn = (text: string): void => {
    count += 1;
    tree.set({ id: `said ${count}`, label: plainText(text), state: "" });
  };
  return {
    report: (event) => {
      switch (event.event) {
        case "stage":
          if (event.left > 0) begin(event.name);
          else end();
          break;
        case "undo-started":
          begin("taking back what was done");
          break;
        case "task-started":
          put(event.task, {
            label: partWords(event),
            state: event.attempt > 1 ? `running (attempt ${event.attempt})` : "running",
            busy: true,
          });
          break;
        case "output":
          put(event.task, { detail: plainText(event.text) });
          break;
        case "progress":
          put(event.task, { bytes: { done: event.sent, total: event.total } });
          break;
        case "task-ended": {
          const reason = event.reason === undefined ? {} : { reason: plainText(event.reason) };
          if (event.result !== "skipped")
            put(event.task, { state: event.result === "lost" ? "failed" : event.result, busy: false, ...reason });
          break;
        }
        case "warning":
          sayIn(`warning: ${event.text}`);
          break;
        case "run-ended":
          end();
          break;
        default:
      }
    },
    say: sayIn,
    close: () => {
      end();
      tree.close();
    },
  };
}

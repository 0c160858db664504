import type { PhaseName } from "@outrigger/plugin";
import { type Moment, type Operation, type StepName, timelines } from "./timelines.ts";

/** What there is at a moment of an operation. */
export interface MomentFacts {
  readonly moment: Moment;
  /** Whose image's files are on the operation's hosts; `old` and `new` where an operation changes them. */
  readonly rootfs: "none" | "there" | "old" | "new";
  /** Is there a Kubernetes API to ask? */
  readonly kubernetes: boolean;
}

/** The step from which on the files, or the API, are there in another way than before. */
interface Changes {
  readonly kubernetes: { readonly from?: StepName; readonly until?: StepName };
  readonly rootfs: { readonly before: MomentFacts["rootfs"]; readonly at?: StepName; readonly after?: MomentFacts["rootfs"] };
}

const changes: Readonly<Record<Operation, Changes>> = {
  create: { kubernetes: { from: "create" }, rootfs: { before: "none", at: "distribute", after: "there" } },
  update: { kubernetes: {}, rootfs: { before: "there" } },
  join: { kubernetes: {}, rootfs: { before: "none", at: "distribute", after: "there" } },
  "scale-down": { kubernetes: {}, rootfs: { before: "there", at: "remove", after: "none" } },
  upgrade: { kubernetes: {}, rootfs: { before: "old", at: "distribute", after: "new" } },
  rollback: { kubernetes: {}, rootfs: { before: "new", at: "distribute", after: "old" } },
  delete: { kubernetes: { until: "clean" }, rootfs: { before: "there", at: "remove", after: "none" } },
  apps: { kubernetes: {}, rootfs: { before: "none", at: "distribute", after: "there" } },
};

/** The timeline of an operation with what there is at each moment, when it begins. */
export function momentsOf(operation: Operation): readonly MomentFacts[] {
  const { kubernetes, rootfs } = changes[operation];
  const line = timelines[operation];
  const place = (step: StepName | undefined, otherwise: number): number =>
    step === undefined ? otherwise : line.findIndex((moment) => "step" in moment && moment.step === step);
  const [from, until] = [place(kubernetes.from, -1), place(kubernetes.until, line.length)];
  const changed = place(rootfs.at, line.length);
  return line.map((moment, index) => ({
    moment,
    rootfs: index > changed ? (rootfs.after ?? rootfs.before) : rootfs.before,
    kubernetes: index > from && index <= until,
  }));
}

/** Phases in which the rootfs may be gone from a host: what is left of a cleaning that stopped half-way. */
export const cleaningPhases: ReadonlySet<PhaseName> = new Set<PhaseName>([
  "pre-uninstall",
  "PreClean",
  "pre-clean-host",
  "post-clean-host",
  "PostClean",
  "post-uninstall",
]);

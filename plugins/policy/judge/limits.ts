import type { Bound, Rules } from "../rules/rules.ts";
import { type Fields, numberOf } from "./fields.ts";
import { shown, type Violations } from "./violation.ts";

/** `new`: what is absent has no limit. `part`: what is absent is not asked for here. `update`: what is absent stays. */
export type LimitMode = "new" | "part" | "update";

/** Memory, CPU and processes. A maximum also means that the limit must be there. */
export function* judgeLimits({ limits }: Rules, host: Fields, mode: LimitMode): Violations {
  const memory = numberOf(host, "Memory");
  yield* judgeAmount("Memory", unset(memory, mode), limits.memory, mode, "bytes");
  yield* judgeSwap(host, memory ?? 0, limits.memory, mode);
  yield* judgeCpus(host, limits.cpus, mode);
  const pids = numberOf(host, "PidsLimit");
  if (mode === "update" && pids !== undefined && pids <= 0 && limits.pids?.max !== undefined) {
    yield { rule: "limits", message: `PidsLimit ${pids} takes the limit away; at most ${limits.pids.max} is allowed.` };
  } else yield* judgeAmount("PidsLimit", unset(pids, mode), limits.pids, mode, "processes");
}

/** The engine takes 0 for no limit, or for no change; -1 takes a limit away. */
function unset(value: number | undefined, mode: LimitMode): number | undefined {
  return value === 0 || (value === -1 && mode !== "update") ? undefined : value;
}

function* judgeAmount(name: string, value: number | undefined, bound: Bound | undefined, mode: LimitMode, unit: string): Violations {
  if (bound === undefined) return;
  const { min, max } = bound;
  if (value === undefined) {
    if (mode !== "new") return;
    if (max === undefined) return;
    yield { rule: "limits", message: `${name} is not limited; at most ${max} ${unit} are allowed.`, hint: `Set ${name}.` };
  } else if (value < 0 || (max !== undefined && value > max)) {
    yield { rule: "limits", message: `${name} is ${value} ${unit}; at most ${max ?? "any number of"} are allowed.` };
  } else if (min !== undefined && value < min) {
    yield { rule: "limits", message: `${name} is ${value} ${unit}; at least ${min} are needed.` };
  }
}

/** Swap is what MemorySwap is above Memory; by itself the engine gives as much swap as memory. */
function* judgeSwap(host: Fields, memory: number, bound: Bound | undefined, mode: LimitMode): Violations {
  const swap = numberOf(host, "MemorySwap");
  const max = bound?.max;
  if (max === undefined || swap === undefined || swap === 0) return;
  const most = 2 * (mode === "update" && memory === 0 ? max : memory);
  if (swap >= 0 && swap <= most) return;
  yield { rule: "limits", message: `MemorySwap is ${swap}; at most twice the memory is allowed.`, hint: "Leave MemorySwap out." };
}

function* judgeCpus(host: Fields, bound: Bound | undefined, mode: LimitMode): Violations {
  if (bound === undefined) return;
  const nano = numberOf(host, "NanoCpus") ?? 0;
  const quota = numberOf(host, "CpuQuota") ?? 0;
  const period = numberOf(host, "CpuPeriod") ?? 0;
  if (mode === "update" && (period === 0) !== (quota === 0)) {
    yield {
      rule: "limits",
      message: "CpuQuota and CpuPeriod are changed together, since only both say how much CPU it is.",
      hint: "Set both, or NanoCpus.",
    };
    return;
  }
  if (nano < 0 || period < 0 || quota < -1 || (mode === "update" && quota < 0)) {
    yield { rule: "limits", message: `NanoCpus, CpuQuota and CpuPeriod ${shown([nano, quota, period])} are no limit.` };
    return;
  }
  const shares = [nano / 1e6, quota > 0 ? (quota * 1000) / (period === 0 ? 100_000 : period) : 0].filter((share) => share > 0);
  const cpus = shares.length === 0 ? undefined : Math.max(...shares);
  yield* judgeAmount("The CPU limit", cpus, bound, mode, "thousandths of a core");
}

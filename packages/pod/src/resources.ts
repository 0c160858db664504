import { type Amounts, formatCpu, formatMemory, parseCpu, parseMemory, type Resources } from "@outrigger/plugin";
import type { ContainerResources, ResourceAmounts } from "./pod.ts";
import type { Report } from "./variables.ts";

/** The version's memory and CPU, overridden field by field by the installation's. */
export function resolveResources(
  base: Resources,
  override: Resources | undefined,
  path: readonly PropertyKey[],
  report: Report,
): ContainerResources {
  const requests = amounts(base, base.requests, override, override?.requests);
  const limits = amounts(base, base.limits, override, override?.limits);
  checkBelow(requests.memory, limits.memory, "memory", formatMemory, path, report);
  checkBelow(requests.cpu, limits.cpu, "CPU", formatCpu, path, report);
  return { requests, limits };
}

/** Later sources win: an override beats the version, and `limits:` beats the plain amount beside it. */
function amounts(...sources: readonly (Amounts | undefined)[]): ResourceAmounts {
  let memory: string | undefined;
  let cpu: string | undefined;
  for (const source of sources) {
    memory = source?.memory ?? memory;
    cpu = source?.cpu ?? cpu;
  }
  const bytes = memory === undefined ? undefined : parseMemory(memory);
  const thousandths = cpu === undefined ? undefined : parseCpu(cpu);
  return { ...(bytes === undefined ? {} : { memory: bytes }), ...(thousandths === undefined ? {} : { cpu: thousandths }) };
}

function checkBelow(
  request: number | undefined,
  limit: number | undefined,
  what: string,
  format: (amount: number) => string,
  path: readonly PropertyKey[],
  report: Report,
): void {
  if (request === undefined || limit === undefined || request <= limit) return;
  report({
    path: [...path, "resources"],
    code: "out-of-range",
    message: `The ${what} request ${format(request)} is above the limit ${format(limit)}.`,
    found: format(request),
    expected: `at most ${format(limit)}`,
  });
}

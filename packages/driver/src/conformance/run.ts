import { driverErrors } from "../errors.ts";
import type { Check } from "./check.ts";
import { checkTable, names, suiteOf } from "./check-table.ts";
import type { DriverLauncher } from "./launcher.ts";
import type { CheckResult, ConformanceReport } from "./report.ts";
import { runCheck } from "./run-check.ts";
import { createSession, type Session, type SessionSettings } from "./session.ts";
import { goObject, verdictOf } from "./verdict.ts";

export interface ConformanceOptions extends Partial<SessionSettings> {
  /** Where the driver listens; without it `launcher` starts it. */
  readonly address?: string;
  readonly launcher?: DriverLauncher;
  /** Plugin.Activate's names of what to test; without it the driver is asked. */
  readonly interfaces?: readonly string[];
  /** Ids of checks, or suites: these alone. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** A SHOULD that does not hold is a failure. */
  readonly strict?: boolean;
  /** Told of each check as it ends. */
  readonly onResult?: (result: CheckResult) => void;
}

/**
 * Asks a driver what dockerd asks, check by check, and judges the answers. Makes volumes, networks and addresses under names and ids of its own, and removes
 * them again. @throws check-unknown, interface-unknown, driver-address-invalid, driver-silent
 */
export async function testDriver(options: ConformanceOptions): Promise<ConformanceReport> {
  for (const name of options.interfaces ?? []) {
    if (suiteOf[name] === undefined) throw driverErrors["interface-unknown"]({ found: name, known: Object.keys(suiteOf).join(", ") });
  }
  for (const selector of [...(options.only ?? []), ...(options.skip ?? [])]) {
    if (!checkTable.some(({ id }) => names(selector, id))) throw driverErrors["check-unknown"]({ found: selector });
  }
  const interfaces = new Set(options.interfaces);
  const session = createSession({
    profile: "20.10",
    volumeOptions: {},
    networkOptions: {},
    root: "",
    managed: false,
    ...options,
    interfaces,
  });
  const startedAt = new Date();
  try {
    const name = options.launcher?.name ?? options.address ?? "";
    if ((await session.start()) === undefined) {
      throw driverErrors["driver-silent"]({ driver: name, reason: session.running()?.ended() ?? "nobody listens there" });
    }
    if (options.interfaces === undefined) for (const found of await activated(session)) interfaces.add(found);
    const results = await runAll(chosen(options, interfaces), session, options.onResult);
    return reportOf(results, session, startedAt, name, options.strict === true);
  } finally {
    await session.running()?.stop();
    session.wire.reset();
  }
}

/** What Plugin.Activate names; nothing when it can't be read, which the check `activation.answers` then tells. */
async function activated(session: Session): Promise<readonly string[]> {
  const { value } = verdictOf(await session.wire.send("Plugin.Activate"));
  const list = goObject({ list: value.get("Implements") })?.get("list");
  return Array.isArray(list) ? list.filter((name) => typeof name === "string" && suiteOf[name] !== undefined) : [];
}

function chosen({ only = [], skip = [] }: ConformanceOptions, interfaces: ReadonlySet<string>): readonly Check[] {
  const suites = new Set<string>(["activation", "http", "lifecycle", ...[...interfaces].map((name) => suiteOf[name] ?? "")]);
  return checkTable.filter(({ id }) => {
    if (only.length > 0 && !only.some((selector) => names(selector, id))) return false;
    return suites.has(id.slice(0, id.indexOf("."))) && !skip.some((selector) => names(selector, id));
  });
}

async function runAll(
  checks: readonly Check[],
  session: Session,
  onResult: (result: CheckResult) => void = () => undefined,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const base = results.find(({ id }) => id === check.needs);
    const result = base === undefined || base.outcome === "held" ? await runCheck(check, session) : leftOut(check, base);
    results.push(result);
    onResult(result);
  }
  return results;
}

function leftOut({ id, level, title }: Check, base: CheckResult): CheckResult {
  const reason = base.outcome === "failed" ? `${base.id} does not hold` : (base.reason ?? "");
  return { id, level, title, outcome: "skipped", milliseconds: 0, reason };
}

function reportOf(results: readonly CheckResult[], session: Session, startedAt: Date, driver: string, strict: boolean): ConformanceReport {
  const count = (outcome: string, level?: string): number =>
    results.filter((result) => result.outcome === outcome && (level ?? result.level) === result.level).length;
  const counts = { held: count("held"), failed: count("failed", "MUST"), warnings: count("failed", "SHOULD"), skipped: count("skipped") };
  return {
    driver,
    profile: session.profile,
    interfaces: [...session.interfaces],
    startedAt: startedAt.toISOString(),
    milliseconds: Date.now() - startedAt.getTime(),
    strict,
    passed: counts.failed === 0 && (!strict || counts.warnings === 0),
    counts,
    results,
  };
}

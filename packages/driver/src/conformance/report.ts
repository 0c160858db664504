import type { Level } from "./check.ts";
import type { Profile } from "./wire/profile.ts";

export interface CheckResult {
  readonly id: string;
  readonly level: Level;
  readonly title: string;
  /** `skipped`: it could not be asked, see `reason`. */
  readonly outcome: "held" | "failed" | "skipped";
  readonly milliseconds: number;
  readonly reason?: string;
  readonly failure?: CheckReport;
}

/** Why a check failed, for those who mend the driver. */
export interface CheckReport {
  readonly expected: string;
  readonly found: string;
  /** What dockerd does that makes it matter. */
  readonly because: string;
  readonly mend: string;
  /** The request: its method and body, cut to 2,000 characters. */
  readonly sent?: string;
  /** The answer: status and body, cut likewise, or why there is none. */
  readonly got?: string;
}

/** The outcome of one run: what `--report json` prints. */
export interface ConformanceReport {
  /** Where it listens, or what was started. */
  readonly driver: string;
  readonly profile: Profile;
  /** Plugin.Activate's names of what was tested. */
  readonly interfaces: readonly string[];
  /** RFC 3339. */
  readonly startedAt: string;
  readonly milliseconds: number;
  /** A SHOULD that failed counts, too. */
  readonly strict: boolean;
  readonly passed: boolean;
  readonly counts: {
    readonly held: number;
    /** MUST. */
    readonly failed: number;
    /** SHOULD that did not hold. */
    readonly warnings: number;
    readonly skipped: number;
  };
  readonly results: readonly CheckResult[];
}

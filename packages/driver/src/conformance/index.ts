export type { Check, Level, Suite } from "./check.ts";
export { checkTable, suiteOf } from "./check-table.ts";
export { commandLauncher } from "./command-launcher.ts";
export type { DriverLauncher, RunningDriver } from "./launcher.ts";
export type { CheckReport, CheckResult, ConformanceReport } from "./report.ts";
export { junitReport } from "./reports/junit.ts";
export { closingText, type Painter, resultText, textReport } from "./reports/text.ts";
export { type ConformanceOptions, testDriver } from "./run.ts";
export { type Profile, profiles } from "./wire/profile.ts";

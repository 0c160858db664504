import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { createLogger, type LogEntry } from "@outrigger/sdk/driver";
import { type DriverTest, testDriver } from "@outrigger/sdk/driver/test-kit";
import { unmountBelow } from "../../../tests/support/mounts.ts";
import { fileLog } from "../log/driver.ts";
import type { LogDefaults } from "../log/options.ts";

export const defaults: LogDefaults = { maxSize: 1024 ** 2, maxFile: 5, compress: true, keepDays: 0 };

export function ownFolder(context: Pick<TestContext, "after">): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-file-log-"));
  context.after(() => {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The driver in this process. */
export async function fileLogKit(
  context: Pick<TestContext, "after">,
  root: string,
  changed: Partial<LogDefaults> = {},
): Promise<DriverTest> {
  const logger = createLogger("error", () => undefined);
  const kit = await testDriver({ log: await fileLog({ root, logger, ...defaults, ...changed }) });
  context.after(() => kit.close());
  return kit;
}

let last = BigInt(Date.now()) * 1_000_000n;

export function entry(line: string, more: Partial<LogEntry> = {}): LogEntry {
  last += 1_000_000n;
  return { source: "stdout", timeNano: last, line: Buffer.from(line), ...more };
}

/** Entries that are read end in a newline on their way to the engine. */
export function textOf(entries: readonly LogEntry[]): readonly string[] {
  return entries.map(({ line }) => line.toString("utf8").replace(/\n$/, ""));
}

/** The lines of a file, unpacked where it is packed. */
export function linesOf(path: string): readonly string[] {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").split("\n").slice(0, -1);
}

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type HookRecord, recordText, type WrapperSettings, wrapperText } from "@outrigger/engine";

export const containerId: string = "0123456789abcdef".repeat(4);

/** A wrapper in a folder of its own, with a bundle and a runtime that only notes how it was called. */
export interface TestWrapper {
  readonly folder: string;
  readonly records: string;
  readonly bundle: string;
  readonly program: string;
  readonly run: (args: readonly string[], options?: { readonly cwd?: string; readonly fds?: readonly number[] }) => Outcome;
  readonly keep: (record: HookRecord) => void;
  readonly writeConfig: (text: string) => void;
  readonly config: () => string;
  /** What the runtime was called with; undefined where it was not. */
  readonly calledWith: () => readonly string[] | undefined;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WrapperOptions extends Partial<WrapperSettings> {
  /** Instead of the `awk` in PATH. */
  readonly awk?: string;
}

export async function testWrapper(context: TestContext, { awk = "awk", ...settings }: WrapperOptions = {}): Promise<TestWrapper> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-wrapper-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const [records, bundle, calls] = ["records", "bundle", "calls"].map((name) => join(folder, name)) as [string, string, string];
  for (const path of [records, bundle]) mkdirSync(path);
  const runtime = join(folder, "runtime");
  writeFileSync(
    runtime,
    `#!/bin/sh\n: >'${calls}'\n[ $# = 0 ] || printf '%s\\0' "$@" >'${calls}'\nls -l /proc/self/fd >'${calls}.fds'\ncat >'${calls}.stdin'\necho done\n`,
  );
  const program = join(folder, "outrigger-runc");
  const text = await wrapperText({ runtime, records, missing: "run", unanswered: "refuse", wait: 1, ...settings });
  writeFileSync(program, text.replace("\n  awk '", `\n  ${awk} '`));
  for (const path of [runtime, program]) chmodSync(path, 0o755);
  return {
    folder,
    records,
    bundle,
    program,
    run: (args, { cwd = folder, fds = [] } = {}) => {
      rmSync(calls, { force: true });
      const { status, stdout, stderr } = spawnSync(program, args, {
        cwd,
        stdio: ["pipe", "pipe", "pipe", ...fds],
        env: {},
        encoding: "utf8",
        timeout: 30_000,
        input: "in",
      });
      return { code: status, stdout, stderr };
    },
    keep: (record) => writeFileSync(join(records, `${containerId}.hooks`), recordText(record)),
    writeConfig: (config) => writeFileSync(join(bundle, "config.json"), config),
    config: () => readFileSync(join(bundle, "config.json"), "utf8"),
    calledWith: () => {
      try {
        return readFileSync(calls, "utf8").split("\0").slice(0, -1);
      } catch {
        return undefined;
      }
    },
  };
}

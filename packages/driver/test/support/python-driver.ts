import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { commandLauncher, type DriverLauncher } from "@outrigger/driver";

export const everyInterface: readonly string[] = ["VolumeDriver", "NetworkDriver", "IpamDriver", "authz", "LogDriver", "MetricsCollector"];

export interface TestedDriver {
  readonly launcher: DriverLauncher;
  readonly root: string;
  readonly socket: string;
}

/** The driver in ../conformance-driver, with a root of its own and, if named, one defect; its files are gone when the test ends. */
export function pythonDriver(context: Pick<TestContext, "after">, defect = ""): TestedDriver {
  const root = mkdtempSync(join(tmpdir(), "outrigger-conformance-"));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const socket = join(root, "driver.sock");
  const program = join(import.meta.dirname, "../conformance-driver/driver.py");
  // Without -B two that start at once write the same compiled files.
  const words = ["python3", "-B", program, "--socket", socket, "--state", join(root, "state"), "--root", root, "--defect", defect] as const;
  return { launcher: commandLauncher([...words], { address: socket, root }), root, socket };
}

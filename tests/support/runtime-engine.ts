import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { findRuntime, type WrapperSettings, wrapperText } from "@outrigger/engine";
import { type OwnEngine, type OwnEngineOptions, ownEngine } from "./own-engine.ts";
import { tinyImage } from "./tiny-image.ts";

/** An engine of the test's own whose usual runtime is `outrigger-runc`, called `outrigger`, with a bridge and the image `tiny`. */
export interface RuntimeEngine {
  readonly engine: OwnEngine;
  /** For what the test itself keeps; gone when it ends. */
  readonly folder: string;
  /** Where the runtime looks for containers' hooks. */
  readonly records: string;
}

export interface RuntimeEngineOptions {
  readonly wrapper?: Partial<WrapperSettings>;
  readonly size?: string;
  readonly bridge?: OwnEngineOptions["bridge"];
}

export async function runtimeEngine(
  context: Pick<TestContext, "after">,
  { wrapper = {}, size = "160m", bridge = "10.214.77.1/24" }: RuntimeEngineOptions = {},
): Promise<RuntimeEngine> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-oci-"));
  const records = join(folder, "records");
  const program = join(folder, "outrigger-runc");
  const runtime = await findRuntime(join(folder, "none"), "runc");
  writeFileSync(program, await wrapperText({ runtime, records, missing: "run", unanswered: "refuse", wait: 10, ...wrapper }));
  chmodSync(program, 0o755);
  const config = { runtimes: { outrigger: { path: program } }, "default-runtime": "outrigger" };
  const engine = await ownEngine(context, size, { config, bridge });
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  tinyImage(engine.host, "tiny");
  return { engine, folder, records };
}

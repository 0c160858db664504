import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type DriverTest, testDriver } from "@outrigger/sdk/driver/test-kit";
import { unmountBelow } from "../../../tests/support/mounts.ts";
import type { SizeLimits } from "../volumes/create.ts";
import { openDirVolume } from "../volumes/driver.ts";

export interface Kit {
  readonly root: string;
  /** Calls the driver. @returns the engine's error, or undefined */
  readonly call: (method: string, args: unknown) => Promise<string | undefined>;
  readonly create: (name: string, options?: Readonly<Record<string, string>> | null) => Promise<string | undefined>;
  /** @returns the volume's folder */
  readonly mount: (name: string, id?: string) => Promise<string>;
  readonly status: (name: string) => Promise<Readonly<Record<string, unknown>> | undefined>;
  readonly names: () => Promise<readonly string[]>;
}

export function ownRoot(context: Pick<TestContext, "after">): string {
  const root = mkdtempSync(join(tmpdir(), "outrigger-dir-volume-"));
  context.after(() => {
    unmountBelow(root);
    rmSync(root, { recursive: true, force: true });
  });
  return root;
}

/** The driver in this process. */
export async function dirVolume(
  context: Pick<TestContext, "after">,
  limits: SizeLimits = {},
  root: string = ownRoot(context),
): Promise<Kit> {
  const driver = await testDriver({ volume: await openDirVolume({ root, ...limits }) });
  return kitOf(root, driver.call);
}

export function kitOf(root: string, ask: DriverTest["call"]): Kit {
  const get = async (name: string): Promise<Readonly<Record<string, unknown>> | undefined> =>
    (await ask("VolumeDriver.Get", { Name: name })).answer["Volume"] as Readonly<Record<string, unknown>> | undefined;
  return {
    root,
    call: async (method, args) => (await ask(`VolumeDriver.${method}`, args)).error,
    create: async (name, options = null) => (await ask("VolumeDriver.Create", { Name: name, Opts: options })).error,
    async mount(name, id = "container") {
      const { answer, error } = await ask("VolumeDriver.Mount", { Name: name, ID: id });
      if (error !== undefined) throw new TypeError(error);
      return String(answer["Mountpoint"]);
    },
    status: async (name) => (await get(name))?.["Status"] as Readonly<Record<string, unknown>> | undefined,
    async names() {
      const { answer } = await ask("VolumeDriver.List", {});
      return (answer["Volumes"] as readonly { readonly Name: string }[]).map(({ Name }) => Name);
    },
  };
}

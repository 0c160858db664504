import type { DriverKind } from "./driver-kind.ts";

export const volumeKind: DriverKind = {
  description: "Keeps volumes as folders.",
  interface: "docker.volumedriver/1.0",
  key: "volume",
  lines: ["propagatedMount: /data"],
  items: ["{ name: MOST, type: integer, min: 1, default: 100, description: How many volumes there may be }"],
  exported: "folderVolumes",
  call: 'await folderVolumes("/data/volumes", Number(process.env["MOST"] ?? 100))',
  driver: `import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkVolumeName, driverError, type Volume, type VolumeDriver } from "@outrigger/sdk/driver";

/** Volumes that are folders below \`root\`; at most \`most\` of them. */
export async function folderVolumes(root: string, most: number): Promise<VolumeDriver> {
  await mkdir(root, { recursive: true });
  const pathOf = (name: string): string => join(root, checkVolumeName(name));
  const get = async (name: string): Promise<Volume | undefined> => {
    const found = await stat(pathOf(name)).catch(() => undefined);
    return found && { name, createdAt: found.birthtime };
  };
  return {
    // Engines repeat calls whose answer was lost: what is there already is no error.
    async create({ name }, { log }) {
      if ((await get(name)) !== undefined) return;
      if ((await readdir(root)).length >= most) throw driverError(\`there are \${most} volumes already\`);
      await mkdir(pathOf(name), { recursive: true });
      log.info("created", { volume: name });
    },
    remove: ({ name }) => rm(pathOf(name), { recursive: true, force: true }),
    mount: ({ name }) => pathOf(name),
    unmount: () => undefined,
    path: ({ name }) => pathOf(name),
    get: ({ name }) => get(name),
    list: async () => (await readdir(root)).map((name) => ({ name })),
  };
}
`,
  test: `import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { folderVolumes } from "./driver.ts";

test("a volume is created, mounted and removed, as an engine asks for it", async (context) => {
  const root = await mkdtemp(join(tmpdir(), "volumes-"));
  context.after(() => rm(root, { recursive: true }));
  const engine = await testDriver({ volume: await folderVolumes(root, 1) });
  assert.equal((await engine.call("VolumeDriver.Get", { Name: "data" })).error, "no such volume: data");
  for (const _ of ["first", "again"]) assert.equal((await engine.call("VolumeDriver.Create", { Name: "data", Opts: null })).error, undefined);
  assert.equal((await engine.call("VolumeDriver.Mount", { Name: "data", ID: "1" })).answer["Mountpoint"], join(root, "data"));
  assert.equal((await engine.call("VolumeDriver.Create", { Name: "more", Opts: null })).error, "there are 1 volumes already");
  assert.match((await engine.call("VolumeDriver.Create", { Name: "../out", Opts: null })).error ?? "", /no name of a volume/);
  assert.equal((await engine.call("VolumeDriver.Remove", { Name: "data" })).error, undefined);
  assert.deepEqual((await engine.call("VolumeDriver.List", {})).answer["Volumes"], []);
});
`,
  tryIt: ["docker volume create --driver NAME data", "docker run --rm --volume data:/data debian:bookworm-slim touch /data/file"],
};

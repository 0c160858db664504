import type { DriverKind } from "./driver-kind.ts";

export const volumeKind: DriverKind = {
  description: "Keeps volumes as folders.",
  interface: "docker.volumedriver/1.0",
  key: "volume",
  lines: ["propagatedMount: /data"],
  items: ["{ name: MOST, type: integer, min: 1, default: 100, description: How many volumes there may be }"],
  exported: "folderVolumes",
  call: 'await folderVolumes("/data", Number(process.env["MOST"] ?? 100))',
  driver: `import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  checkVolumeName,
  driverError,
  MountTable,
  noSuchVolume,
  openMountsFile,
  openStateFile,
  type Volume,
  type VolumeDriver,
} from "@outrigger/sdk/driver";

interface Kept {
  readonly name: string;
  readonly createdAt: string;
}

/** Volumes that are folders below \`root\`, at most \`most\` of them. What there is, and who has it mounted, stands in files beside them. */
export async function folderVolumes(root: string, most: number): Promise<VolumeDriver> {
  const volumes = await openStateFile<readonly Kept[]>(join(root, "volumes.json"), []);
  const folderOf = (name: string): string => join(root, "volumes", checkVolumeName(name));
  const find = (name: string): Kept | undefined => volumes.state.find((each) => each.name === name);
  // Counts who has a volume mounted: called for the first, and after the last.
  const mounts = new MountTable(await openMountsFile(join(root, "mounts.json")), {
    async mount(name) {
      if (find(name) === undefined) throw noSuchVolume(name);
      await mkdir(folderOf(name), { recursive: true });
      return folderOf(name);
    },
    unmount: async () => undefined,
  });
  const shown = ({ name, createdAt }: Kept): Volume => {
    const mountpoint = mounts.path(name);
    return { name, createdAt: new Date(createdAt), ...(mountpoint === undefined ? {} : { mountpoint }) };
  };
  return {
    async create({ name, options }, { log }) {
      checkVolumeName(name);
      const [unknown] = Object.keys(options);
      if (unknown !== undefined) throw driverError(\`there is no option \${unknown}\`);
      await volumes.update((all) => {
        // Engines repeat calls whose answer was lost: what is there already is no error.
        if (all.some((each) => each.name === name)) return all;
        if (all.length >= most) throw driverError(\`there are \${most} volumes already\`);
        return [...all, { name, createdAt: new Date().toISOString() }];
      });
      log.info("created", { volume: name });
    },
    async remove({ name }) {
      if (mounts.path(name) !== undefined) throw driverError(\`\${name} is mounted\`);
      await rm(folderOf(name), { recursive: true, force: true });
      await volumes.update((all) => all.filter((each) => each.name !== name));
    },
    mount: ({ name, id }) => mounts.mount(name, id),
    unmount: ({ name, id }) => mounts.unmount(name, id),
    path: ({ name }) => mounts.path(name),
    get: ({ name }) => {
      const found = find(name);
      return found && shown(found);
    },
    list: () => volumes.state.map(shown),
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
  const ask = (method: string, request: object) => engine.call(\`VolumeDriver.\${method}\`, request);
  assert.equal((await ask("Get", { Name: "data" })).error, "no such volume: data");
  assert.equal((await ask("Mount", { Name: "data", ID: "1" })).error, "no such volume: data");
  for (const _ of ["first", "again"]) assert.equal((await ask("Create", { Name: "data", Opts: null })).error, undefined);
  assert.equal((await ask("Create", { Name: "more", Opts: null })).error, "there are 1 volumes already");
  assert.equal((await ask("Create", { Name: "data", Opts: { size: "1" } })).error, "there is no option size");
  assert.match((await ask("Create", { Name: "../out", Opts: null })).error ?? "", /no name of a volume/);
  for (const ID of ["1", "2"]) assert.equal((await ask("Mount", { Name: "data", ID })).answer["Mountpoint"], join(root, "volumes", "data"));
  for (const ID of ["1", "2"]) {
    assert.equal((await ask("Remove", { Name: "data" })).error, "data is mounted");
    assert.equal((await ask("Unmount", { Name: "data", ID })).error, undefined);
  }
  assert.equal((await ask("Remove", { Name: "data" })).error, undefined);
  assert.deepEqual((await ask("List", {})).answer["Volumes"], []);
});
`,
  tryIt: ["docker volume create --driver NAME data", "docker run --rm --volume data:/data debian:bookworm-slim touch /data/file"],
};

import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Check } from "../../check.ts";
import { created, found, isFolder, leaveMark, mounted, safePath, unmounted } from "./volumes.ts";

const together = 8;

export const volumeMountChecks: readonly Check[] = [
  {
    id: "volume.mount",
    level: "MUST",
    title: "Mount answers an absolute Mountpoint without `..`, and Unmount succeeds.",
    because: "The engine binds this path into the container; an empty one is an error of the run (all versions).",
    mend: 'Answer {"Mountpoint":"/path"}.',
    needs: "volume.create",
    run: async (probe) => {
      const name = await created(probe);
      const id = probe.id();
      const path = await mounted(probe, name, id);
      probe.expect(safePath(path), "an absolute Mountpoint without ..", `it is ${JSON.stringify(path)}`);
      await unmounted(probe, name, id);
    },
  },
  {
    id: "volume.mountpoint-exists",
    level: "MUST",
    title: "The Mountpoint is a folder once Mount has answered.",
    because: "The container is started at once; a path that is not there yet fails the start (all versions).",
    mend: "Answer when the file system is mounted. For a driver with a root of its own name it with --root; `--root -` leaves out what needs its paths.",
    needs: "volume.mount",
    run: async (probe) => {
      const path = await mounted(probe, await created(probe), probe.id());
      probe.expect(await isFolder(probe, path), `a folder at ${probe.session.outside(path)}`, "there is none");
    },
  },
  {
    id: "volume.mount-path-agrees",
    level: "MUST",
    title: "While mounted, Path and Get name the same Mountpoint as Mount.",
    because: "`docker volume inspect` and later containers read it from there (all versions).",
    mend: "Keep one path for a volume; Get may leave Mountpoint away.",
    needs: "volume.mount",
    run: async (probe) => {
      const name = await created(probe);
      const path = await mounted(probe, name, probe.id());
      const told = probe.text(await probe.succeed("VolumeDriver.Path", { Name: name }), "Mountpoint");
      const got = (await found(probe, name))?.get("Mountpoint");
      probe.expect(told === path, `Path to give ${path}`, `it gives ${JSON.stringify(told)}`);
      probe.expect(got === undefined || got === "" || got === path, `Get to give ${path}`, `it gives ${JSON.stringify(got)}`);
    },
  },
  {
    id: "volume.mount-counted",
    level: "MUST",
    title: "With two mounts, one Unmount leaves the volume mounted.",
    because:
      "Mount comes once for every container with an ID of its own; the first that ends must not take the files from the other (all versions).",
    mend: "Count mounts by their ID, and unmount with the last one.",
    needs: "volume.mount",
    run: async (probe) => {
      const name = await created(probe);
      const ids = [probe.id(), probe.id()] as const;
      const first = await mounted(probe, name, ids[0]);
      const second = await mounted(probe, name, ids[1]);
      probe.expect(first === second, `both to be mounted at ${first}`, `the second is at ${second}`);
      const seen = await leaveMark(probe, first);
      await unmounted(probe, name, ids[0]);
      probe.expect(await seen(), `a file at ${first} to be there still`, "it is not: the volume is unmounted");
      const path = probe.text(await probe.succeed("VolumeDriver.Path", { Name: name }), "Mountpoint");
      probe.expect(path === first, `Path to give ${first} still`, `it gives ${JSON.stringify(path)}`);
      await unmounted(probe, name, ids[1]);
    },
  },
  {
    id: "volume.mount-same-time",
    level: "MUST",
    title: `${together} Mounts at the same time have one Mountpoint, and ${together - 1} Unmounts leave it.`,
    because: "Containers of one application start together and share a volume (all versions).",
    mend: "Let one Mount of a volume wait for the other; count by ID.",
    needs: "volume.mount",
    run: async (probe) => {
      const name = await created(probe);
      const ids = Array.from({ length: together }, () => probe.id());
      const paths = new Set(await Promise.all(ids.map((id) => mounted(probe, name, id))));
      probe.expect(paths.size === 1, "one Mountpoint", `there are ${paths.size}`);
      await Promise.all(ids.slice(1).map((id) => unmounted(probe, name, id)));
      const path = probe.text(await probe.succeed("VolumeDriver.Path", { Name: name }), "Mountpoint");
      probe.expect(paths.has(path), "the Mountpoint still", `Path gives ${JSON.stringify(path)}`);
    },
  },
  {
    id: "volume.mount-repeated",
    level: "SHOULD",
    title: "A Mount that is repeated with the same ID counts once.",
    because: "An engine that broke off a call, or was started anew, mounts again with the same ID; what counts twice is never unmounted.",
    mend: "Keep a set of IDs, not a number.",
    needs: "volume.mount",
    run: async (probe) => {
      const name = await created(probe);
      const id = probe.id();
      await mounted(probe, name, id);
      await mounted(probe, name, id);
      await unmounted(probe, name, id);
      await probe.succeed("VolumeDriver.Remove", { Name: name });
    },
  },
  {
    id: "volume.data-stays",
    level: "MUST",
    title: "A file in the volume is still there after Unmount and Mount.",
    because: "This is what a volume is for: containers go, it stays.",
    mend: "Unmount must not remove anything.",
    needs: "volume.mountpoint-exists",
    run: async (probe) => {
      const name = await created(probe);
      const ids = [probe.id(), probe.id()] as const;
      const path = await mounted(probe, name, ids[0]);
      const file = join(probe.session.outside(path), `${probe.session.prefix}.txt`);
      await writeFile(file, name).catch((error: Error) => probe.skip(`no file can be written there from here: ${error.message}`));
      await unmounted(probe, name, ids[0]);
      const again = join(probe.session.outside(await mounted(probe, name, ids[1])), `${probe.session.prefix}.txt`);
      probe.after(() => rm(again, { force: true }));
      const text = await readFile(again, "utf8").catch((error: Error) => error.message);
      probe.expect(text === name, "the file with its content", text);
    },
  },
  {
    id: "volume.mount-missing",
    level: "MUST",
    title: "Mount of a volume that does not exist is an error.",
    because: "A success without a path, or with one that is nobody's, starts the container on the wrong files (all versions).",
    mend: 'Answer {"Err":"no such volume"}.',
    run: async (probe) => {
      const args = { Name: probe.name(), ID: probe.id() };
      probe.tidy("VolumeDriver.Remove", { Name: args.Name });
      probe.tidy("VolumeDriver.Unmount", args);
      await probe.refuse("VolumeDriver.Mount", args, "the volume does not exist");
    },
  },
  {
    id: "volume.unmount-unknown",
    level: "MUST",
    title: "Unmount with an ID that was never mounted is answered and takes the volume from nobody.",
    because: "After a crash the engine unmounts what it finds in its records, whether the driver knows it or not (all versions).",
    mend: "Look the ID up in the set of mounts; answer {} or Err when it is not there.",
    needs: "volume.mount",
    run: async (probe) => {
      const name = await created(probe);
      const path = await mounted(probe, name, probe.id());
      const seen = await leaveMark(probe, path);
      for (const id of [probe.id(), probe.id()]) await probe.ask("VolumeDriver.Unmount", { Name: name, ID: id });
      await probe.ask("VolumeDriver.Unmount", { Name: probe.name(), ID: probe.id() });
      const told = probe.text(await probe.succeed("VolumeDriver.Path", { Name: name }), "Mountpoint");
      probe.expect(await seen(), `a file at ${path} to be there still`, "it is not: the volume is unmounted");
      probe.expect(told === path, `Path to give ${path} still`, `it gives ${JSON.stringify(told)}`);
    },
  },
];

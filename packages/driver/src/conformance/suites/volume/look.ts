import type { Check } from "../../check.ts";
import { created, found, listed } from "./volumes.ts";

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export const volumeLookChecks: readonly Check[] = [
  {
    id: "volume.get-created-at",
    level: "MUST",
    title: "CreatedAt of Get, if there is one, is a date and time by RFC 3339.",
    because: "Go decodes it into a time; anything else is an error of the whole Get, and the volume can't be used (17.05 and newer).",
    mend: "Write 2026-08-26T12:00:00Z, or leave it away.",
    needs: "volume.create",
    run: async (probe) => {
      const time = (await found(probe, await created(probe)))?.get("CreatedAt");
      const right = time === undefined || (typeof time === "string" && dateTime.test(time) && !Number.isNaN(Date.parse(time)));
      probe.expect(right, "CreatedAt by RFC 3339", `it is ${JSON.stringify(time)}`);
    },
  },
  {
    id: "volume.get-status",
    level: "MUST",
    title: "Status of Get, if there is one, is an object.",
    because: "Go decodes it into a map; anything else is an error of the whole Get (all versions).",
    mend: 'Write {"size":"1G"}, or leave it away.',
    needs: "volume.create",
    run: async (probe) => {
      const volume = await found(probe, await created(probe));
      if (volume !== undefined) probe.object(volume, "Status");
    },
  },
  {
    id: "volume.case",
    level: "SHOULD",
    title: "Keys are written as the protocol has them: Volume, Volumes, Name, Mountpoint, CreatedAt, Status, Err.",
    because: "Go reads keys without case; clients in other languages do not.",
    mend: "Write Mountpoint, not MountPoint or mountpoint.",
    needs: "volume.create",
    run: async (probe) => {
      const name = await created(probe);
      const known = ["Volume", "Volumes", "Name", "Mountpoint", "CreatedAt", "Status", "Err"];
      const answer = await probe.succeed("VolumeDriver.Get", { Name: name });
      const keys = [
        ...answer.keys,
        ...(probe.object(answer, "Volume")?.keys ?? []),
        ...(await probe.succeed("VolumeDriver.List", {})).keys,
      ];
      const wrong = keys.filter((key) => !known.includes(key) && known.some((right) => right.toLowerCase() === key.toLowerCase()));
      probe.expect(wrong.length === 0, "exact keys", `there is ${[...new Set(wrong)].join(", ")}`);
    },
  },
  {
    id: "volume.list",
    level: "MUST",
    title: "List has every volume with its Name.",
    because: "`docker volume ls`, `prune` and the engine's start know a driver's volumes from List alone (all versions).",
    mend: 'Answer {"Volumes":[{"Name":"x"}]}.',
    needs: "volume.create",
    run: async (probe) => {
      const names = [await created(probe), await created(probe)];
      const all = await listed(probe);
      const missing = names.filter((name) => !all.includes(name));
      probe.expect(missing.length === 0, "List to have both volumes", `it misses ${missing.join(", ")}`);
    },
  },
  {
    id: "volume.path",
    level: "MUST",
    title: "Path of a volume that is not mounted answers without Err.",
    because: "The engine asks for the path of a volume whose Get had no Mountpoint, mounted or not (all versions).",
    mend: 'Answer {"Mountpoint":""} while there is none.',
    needs: "volume.create",
    run: async (probe) => {
      const name = await created(probe);
      probe.text(await probe.succeed("VolumeDriver.Path", { Name: name }), "Mountpoint");
    },
  },
  {
    id: "volume.names-differ-by-case",
    level: "SHOULD",
    title: "Names that differ only in case are two volumes.",
    because: "Names are compared byte by byte in the engine: it would remove one and lose both (all versions).",
    mend: "Keep names as they come; refuse capital letters if the storage has none.",
    needs: "volume.create",
    run: async (probe) => {
      const lower = await created(probe, probe.name("case"));
      const upper = lower.replace("case", "CASE");
      probe.tidy("VolumeDriver.Remove", { Name: upper });
      probe.expect((await found(probe, upper)) === undefined, `no volume ${upper}`, `Get gives ${lower}`);
    },
  },
];

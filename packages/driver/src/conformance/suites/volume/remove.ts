import type { Check } from "../../check.ts";
import { created, found, leaveMark, listed, mounted } from "./volumes.ts";

export const volumeRemoveChecks: readonly Check[] = [
  {
    id: "volume.remove",
    level: "MUST",
    title: "After Remove, Get and List know the volume no longer.",
    because: "A volume that stays in List comes back with `docker volume ls` and can't be created anew (all versions).",
    mend: "Forget the volume before Remove is answered.",
    needs: "volume.create",
    run: async (probe) => {
      const name = await created(probe);
      await probe.ask("VolumeDriver.Get", { Name: name });
      await probe.succeed("VolumeDriver.Remove", { Name: name });
      probe.expect((await found(probe, name)) === undefined, "Get to give no Volume", "it gives one");
      probe.expect(!(await listed(probe)).includes(name), "List without it", "it has it");
    },
  },
  {
    id: "volume.remove-twice",
    level: "MUST",
    title: "Remove of a volume that is gone succeeds, or says in words that there is none.",
    because: "A Remove whose answer was lost is sent again (all versions).",
    mend: 'Answer {} or {"Err":"no such volume"}.',
    needs: "volume.remove",
    run: async (probe) => {
      const name = await created(probe);
      await probe.succeed("VolumeDriver.Remove", { Name: name });
      const exchange = await probe.ask("VolumeDriver.Remove", { Name: name });
      const { error, told } = probe.verdict(exchange);
      probe.expect(error === undefined || told, "success, or an error in words", `the engine reads ${JSON.stringify(error)}`, exchange);
    },
  },
  {
    id: "volume.remove-others-stay",
    level: "MUST",
    title: "Remove takes one volume, and none whose name only begins the same.",
    because: "Nothing else is asked for.",
    mend: "Compare whole names.",
    needs: "volume.remove",
    run: async (probe) => {
      const name = await created(probe);
      const longer = await created(probe, `${name}-2`);
      await probe.succeed("VolumeDriver.Remove", { Name: name });
      probe.expect((await found(probe, longer)) !== undefined, `${longer} to be there still`, "it is gone");
    },
  },
  {
    id: "volume.remove-keeps-files",
    level: "MUST",
    title: "Remove of one volume leaves the files of another with the same options that is mounted.",
    because: "Nothing but the names tells the engine's volumes apart: the same options for two of them are usual.",
    mend: "Give every volume a place of its own, and remove nothing that is mounted.",
    needs: "volume.mount",
    run: async (probe) => {
      const [name, other] = [await created(probe), await created(probe)];
      const seen = await leaveMark(probe, await mounted(probe, name, probe.id()));
      const exchange = await probe.ask("VolumeDriver.Remove", { Name: other });
      probe.expect(await seen(), "the other's file to be there still", "it is gone", exchange);
    },
  },
  {
    id: "volume.remove-mounted",
    level: "SHOULD",
    title: "Remove of a mounted volume is refused.",
    because: "The engine keeps its own count, which is wrong after a forced removal, and another engine of a global driver has its own.",
    mend: "Answer Err while an ID has it mounted.",
    needs: "volume.mount",
    run: async (probe) => {
      const name = await created(probe);
      await mounted(probe, name, probe.id());
      await probe.refuse("VolumeDriver.Remove", { Name: name }, "the volume is mounted");
    },
  },
  {
    id: "volume.retry-empty-body-others",
    level: "MUST",
    title: "Remove, Mount, Unmount, Path and Get without a body are errors.",
    because: "When a kept connection breaks, the engine sends the request again with Content-Length: 0 (20.10 to 29).",
    mend: "Refuse a call that lacks its arguments.",
    run: async (probe) => {
      for (const method of ["Get", "Path", "Mount", "Unmount", "Remove"]) {
        const exchange = await probe.ask(`VolumeDriver.${method}`);
        const { error, value } = probe.verdict(exchange);
        const empty = method === "Get" && value.get("Volume") === undefined;
        probe.expect(error !== undefined || empty, `${method} to answer an error`, "the engine reads a success", exchange);
      }
    },
  },
];

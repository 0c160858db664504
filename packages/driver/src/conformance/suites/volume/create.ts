import type { Check } from "../../check.ts";
import { create, created, found, listed, pathOf, safePath, volumeOptions } from "./volumes.ts";

const together = 8;
const method = "VolumeDriver.Create";

export const volumeCreateChecks: readonly Check[] = [
  {
    id: "volume.capabilities",
    level: "SHOULD",
    title: "Capabilities has the Scope local or global.",
    because:
      "Any failure counts as local, and anything else as local with a warning; asked before almost every operation of a managed plug-in (all versions).",
    mend: 'Answer {"Capabilities":{"Scope":"local"}}.',
    run: async (probe) => {
      const capabilities = probe.object(await probe.succeed("VolumeDriver.Capabilities", {}), "Capabilities");
      const scope = capabilities === undefined ? "" : probe.text(capabilities, "Scope");
      probe.expect(scope === "local" || scope === "global", "Capabilities.Scope to be local or global", `it is ${JSON.stringify(scope)}`);
    },
  },
  {
    id: "volume.get-missing",
    level: "MUST",
    title: "Get of a volume that does not exist is an error, or has no Volume.",
    because: "The engine asks before every create; if it gets a volume, it creates none (all versions).",
    mend: 'Answer {"Err":"no such volume"}.',
    run: async (probe) => {
      const name = probe.name();
      const volume = await found(probe, name);
      probe.expect(volume === undefined, "Err, or no Volume", "there is a Volume");
    },
  },
  {
    id: "volume.get-missing-status",
    level: "SHOULD",
    title: "Get of a volume that does not exist is answered with 200 and Err.",
    because: "Of another status the engine makes the error `VolumeDriver.Get: ...`, and other clients of the protocol a broken driver.",
    mend: 'Answer errors with status 200 and {"Err":"..."}.',
    run: async (probe) => {
      const exchange = await probe.ask("VolumeDriver.Get", { Name: probe.name() });
      probe.expect(exchange.answer?.head.status === 200, "status 200", `the status is ${exchange.answer?.head.status}`, exchange);
    },
  },
  {
    id: "volume.create",
    level: "MUST",
    title: "Create makes a volume, and Get finds it under its exact name.",
    because: "After Create the engine asks for the volume by its name before each use (all versions).",
    mend: "Keep the name as it comes; a driver with required options is tested with --opt NAME=VALUE.",
    run: async (probe) => {
      const name = await created(probe, probe.name("Vol.1_x"));
      const volume = await found(probe, name);
      if (volume === undefined) return probe.fail("Get to give the Volume", "the engine reads none");
      probe.expect(probe.text(volume, "Name") === name, `its Name to be ${name}`, `it is ${JSON.stringify(volume.get("Name"))}`);
    },
  },
  {
    id: "volume.create-null-options",
    level: "MUST",
    title: 'Create takes "Opts":null.',
    because: "The engine writes null where no option was given (recorded from 20.10).",
    mend: "Read null as no options.",
    run: async (probe) => {
      const name = probe.name();
      probe.tidy("VolumeDriver.Remove", { Name: name });
      const exchange = await probe.ask(method, { Name: name, Opts: null });
      // Where options are required an error is right, as long as it is told.
      const { error, told } = probe.verdict(exchange);
      const needsOptions = volumeOptions(probe) !== null;
      probe.expect(
        error === undefined || (needsOptions && told),
        "success",
        `the engine reads the error ${JSON.stringify(error)}`,
        exchange,
      );
    },
  },
  {
    id: "volume.create-empty-options",
    level: "MUST",
    title: 'Create takes "Opts":{}.',
    because: "Clients that send an empty map have it passed on as one (all versions).",
    mend: "Read an empty map as no options.",
    run: async (probe) => {
      const name = probe.name();
      probe.tidy("VolumeDriver.Remove", { Name: name });
      const exchange = await probe.ask(method, { Name: name, Opts: {} });
      const { error, told } = probe.verdict(exchange);
      probe.expect(
        error === undefined || (volumeOptions(probe) !== null && told),
        "success",
        `the engine reads the error ${JSON.stringify(error)}`,
        exchange,
      );
    },
  },
  {
    id: "volume.create-idempotent",
    level: "MUST",
    title: "Create of a volume that exists succeeds and makes no second one.",
    because:
      "A call whose connection breaks is sent again, and several engines may create the same volume of a global driver (all versions).",
    mend: "Answer {} when the volume exists with the same options.",
    needs: "volume.create",
    run: async (probe) => {
      const name = await created(probe);
      await probe.succeed(method, { Name: name, Opts: volumeOptions(probe) });
      const count = (await listed(probe)).filter((other) => other === name).length;
      probe.expect(count === 1, "List to have it once", `it has it ${count} times`);
    },
  },
  {
    id: "volume.create-same-time",
    level: "MUST",
    title: `${together} Creates of one name at the same time all succeed and make one volume.`,
    because: "Containers of a composed application that start together name the same volume; the engine's lock is per engine.",
    mend: "Let one Create of a name wait for the other.",
    needs: "volume.create",
    run: async (probe) => {
      const name = probe.name();
      await Promise.all(Array.from({ length: together }, () => create(probe, name)));
      const count = (await listed(probe)).filter((other) => other === name).length;
      probe.expect(count === 1, "List to have it once", `it has it ${count} times`);
    },
  },
  {
    id: "volume.create-many",
    level: "MUST",
    title: `${together} Creates of different names at the same time all succeed.`,
    because: "The engine creates volumes of different names in parallel (all versions).",
    mend: "Guard the driver's own state against calls at the same time.",
    needs: "volume.create",
    run: async (probe) => {
      const names = Array.from({ length: together }, () => probe.name());
      await Promise.all(names.map((name) => create(probe, name)));
      const after = await listed(probe);
      const missing = names.filter((name) => !after.includes(name));
      probe.expect(missing.length === 0, "List to have all of them", `${missing.length} are missing`);
    },
  },
  {
    id: "volume.create-unknown-option",
    level: "SHOULD",
    title: "Create refuses an option that the driver does not have.",
    because: "The engine passes options as they are typed: a mistyped one that is dropped makes another volume than was asked for.",
    mend: "Answer Err and name the option.",
    needs: "volume.create",
    run: async (probe) => {
      const name = probe.name();
      probe.tidy("VolumeDriver.Remove", { Name: name });
      await probe.refuse(
        method,
        { Name: name, Opts: { ...probe.session.volumeOptions, "conformance-unknown": "1" } },
        "it does not know the option conformance-unknown",
      );
    },
  },
  {
    id: "volume.retry-empty-body",
    level: "MUST",
    title: "A Create without a body is an error and makes nothing.",
    because:
      "When a kept connection breaks, the engine sends the request again with Content-Length: 0 (20.10 to 29): an empty name must not become a volume.",
    mend: "Refuse a call that lacks its arguments.",
    run: async (probe) => {
      const before = new Set(await listed(probe));
      const exchange = await probe.ask(method);
      for (const name of (await listed(probe)).filter((other) => !before.has(other))) {
        if (name === "") probe.tidy("VolumeDriver.Remove", { Name: name });
        // Others may be made at the same time by somebody else; only a nameless one is this call's.
        probe.expect(name !== "", "List to be as before", "it has a volume without a name", exchange);
      }
      probe.expect(probe.verdict(exchange).error !== undefined, "an error", "the engine reads a success", exchange);
    },
  },
  {
    id: "volume.name-long",
    level: "MUST",
    title: "A name of 255 bytes works, or is refused.",
    because: "The engine checks names of its own local driver only; others get any name (all versions).",
    mend: "Refuse names that the driver can't keep.",
    needs: "volume.create",
    run: async (probe) => {
      const name = `${probe.name()}-`.padEnd(255, "x");
      probe.tidy("VolumeDriver.Remove", { Name: name });
      const { error, told } = probe.verdict(await probe.ask(method, { Name: name, Opts: volumeOptions(probe) }));
      if (error !== undefined) return probe.expect(told, "the refusal in words", `the engine reads ${JSON.stringify(error)}`);
      const volume = await found(probe, name);
      probe.expect(
        volume !== undefined && probe.text(volume, "Name") === name,
        "Get to give its whole name",
        `it gives ${JSON.stringify(volume?.get("Name"))}`,
      );
    },
  },
  {
    id: "volume.name-escapes",
    level: "MUST",
    title: "A name that leads out of the driver's folder is refused, or leads nowhere.",
    because: "`../x` reaches a driver as it was typed, and before moby#53478 (2026-08) the path that comes back was not checked either.",
    mend: "Refuse names with `/` and `..`, or encode them before they become a path.",
    run: async (probe) => {
      const name = `../../${probe.name()}`;
      probe.tidy("VolumeDriver.Remove", { Name: name });
      const { error } = probe.verdict(await probe.ask(method, { Name: name, Opts: volumeOptions(probe) }));
      if (error !== undefined) return;
      const usual = await created(probe);
      const usualPath = await pathOf(probe, usual);
      const folder = usualPath.slice(0, Math.max(0, usualPath.indexOf(usual)));
      const path = await pathOf(probe, name);
      const inside = path === "" || (safePath(path) && path.startsWith(folder));
      probe.expect(inside, `Err, or a path below ${folder}`, `the volume's path is ${path}`);
    },
  },
];

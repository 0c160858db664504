import { noSuchVolume } from "../driver-error.ts";
import { driverSdkErrors } from "../errors.ts";
import type { Volume, VolumeDriver, VolumeMount } from "../interfaces/volume-driver.ts";
import { type Fields, named } from "./fields.ts";
import { errAnswer, type ServedInterface } from "./served-interface.ts";

/** Engines wait 120 s for these two, and 60 s for the rest (moby volume/drivers/proxy.go). */
const longLimit = 119_000;

export function serveVolume(driver: VolumeDriver): ServedInterface {
  return {
    name: "VolumeDriver",
    refuse: errAnswer,
    ...(driver.close === undefined ? {} : { close: () => driver.close?.() }),
    methods: {
      Create: {
        limit: longLimit,
        withFields: async (fields, context) => {
          await driver.create({ name: fields.text("Name"), options: fields.texts("Opts") }, context);
          return { Err: "" };
        },
      },
      Remove: {
        withFields: async (fields, context) => {
          await driver.remove({ name: fields.text("Name") }, context);
          return { Err: "" };
        },
      },
      Mount: {
        limit: longLimit,
        withFields: async (fields, context) => {
          const mountpoint: unknown = await driver.mount(mountOf(fields), context);
          if (typeof mountpoint === "string" && mountpoint.startsWith("/")) return { Mountpoint: mountpoint, Err: "" };
          throw driverSdkErrors["driver-answer-invalid"]({
            method: context.method,
            found: named(mountpoint),
            expected: "an absolute path",
          });
        },
      },
      Unmount: {
        withFields: async (fields, context) => {
          await driver.unmount(mountOf(fields), context);
          return { Err: "" };
        },
      },
      Path: {
        withFields: async (fields, context) => ({
          Mountpoint: (await driver.path({ name: fields.text("Name") }, context)) ?? "",
          Err: "",
        }),
      },
      Get: {
        withFields: async (fields, context) => {
          const name = fields.text("Name");
          const volume = await driver.get({ name }, context);
          // Engines ask before they create: nothing to log.
          return volume === undefined ? { Err: noSuchVolume(name).message } : { Volume: volumeOf(volume), Err: "" };
        },
      },
      List: { plain: async (context) => ({ Volumes: (await driver.list(context)).map(volumeOf), Err: "" }) },
      Capabilities: { plain: () => ({ Capabilities: { Scope: driver.scope ?? "local" } }) },
    },
  };
}

function mountOf(fields: Fields): VolumeMount {
  return { name: fields.text("Name"), id: fields.text("ID") };
}

function volumeOf({ name, mountpoint, createdAt, status }: Volume): object {
  return { Name: name, Mountpoint: mountpoint, CreatedAt: createdAt?.toISOString(), Status: status };
}

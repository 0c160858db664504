import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "bundle-failed": {
    status: 422,
    message: "{entry} can't be made into one file: {reason}.",
    mend: "Mend what is named; everything that the module imports must be installed beside it.",
  },
  "driver-config-invalid": {
    status: 422,
    message: "{file} is no configuration of a managed plug-in: {reason}.",
    mend: "Mend what is named; docs/driver.md has every field.",
  },
  "node-unusable": {
    status: 422,
    message: "{program} can't be put into a driver: {reason}.",
    mend: "Name another with --node-binary, e.g. the one of nodejs.org for this machine.",
  },
  "rootfs-unusable": {
    status: 422,
    message: "The root filesystem has no room for the folder {path}: {reason}.",
    mend: "Remove what stands there; an engine mounts something at this place.",
  },
} as const;

export const driverErrors: ErrorCatalogue<typeof table> = defineErrors(table);

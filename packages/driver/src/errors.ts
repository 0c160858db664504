import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "builder-failed": {
    status: 422,
    message: "{builder} did not build {file}: {reason}.\n{log}",
    mend: "Mend what the log names.",
  },
  "builder-missing": {
    status: 422,
    message: "{file} needs a builder for {because}, and none is here.",
    mend: "Start a Docker Engine, or install buildctl (BuildKit) or buildah; without RUN, Outrigger builds it by itself.",
  },
  "bundle-failed": {
    status: 422,
    message: "{entry} can't be made into one file: {reason}.",
    mend: "Mend what is named; everything that the module imports must be installed beside it.",
  },
  "dockerfile-unusable": {
    status: 422,
    message: "{file} can't be built: {reason}.",
    mend: "Mend the line named.",
  },
  "driver-config-invalid": {
    status: 422,
    message: "{file} is no configuration of a managed plug-in: {reason}.",
    mend: "Mend what is named; docs/driver.md has every field.",
  },
  "driver-description-missing": {
    status: 422,
    message: "{source} does not say how the driver is run: there is neither a plugin.yaml nor a config.json.",
    mend: "Write one there, or name it with --config.",
  },
  "driver-lint-failed": {
    status: 422,
    message: "{source} has {count} with which it can't work as a managed plug-in.",
    mend: "Mend what is named; `outrigger driver lint` checks again.",
  },
  "driver-source-unknown": {
    status: 404,
    message: "{source} is nothing that a driver can be built from: {reason}.",
    mend: "Name a folder, a tar, an image layout, or an image as HOST/NAME:TAG.",
  },
  "node-unusable": {
    status: 422,
    message: "{program} can't be put into a driver: {reason}.",
    mend: "Name another with --node-binary, e.g. the one of nodejs.org for this machine.",
  },
  "program-unusable": {
    status: 422,
    message: "{program} can't be put into a driver: {reason}.",
    mend: "Install it on the machine that builds, for the architecture that is built; plugin.yaml names it under `source.programs`.",
  },
  "rootfs-unusable": {
    status: 422,
    message: "The root filesystem has no room for the folder {path}: {reason}.",
    mend: "Remove what stands there; an engine mounts something at this place.",
  },
} as const;

export const driverErrors: ErrorCatalogue<typeof table> = defineErrors(table);

import { defineErrors, type ErrorCatalogue } from "./errors-catalogue.ts";

const table = {
  "manifest-invalid": {
    status: 422,
    message: "{file} has {count}.",
    mend: "Mend the lines named; `outrigger plugin validate {file}` checks again.",
  },
  "reference-invalid": {
    status: 422,
    message: '"{reference}" does not name a plug-in version.',
    mend: "Write NAME or NAME:VERSION as NAME@VERSION, e.g. log-collector@1.0.0.",
  },
  "values-invalid": {
    status: 422,
    message: "The values for {plugin} have {count}.",
    mend: "Mend the values named; `outrigger plugin show {plugin}` lists every item with its type.",
  },
  "version-fixed": {
    status: 409,
    message: "{plugin}@{version} is built and therefore fixed: its {what} can never change.",
    mend: "Cut a new version: change metadata.version and build that one.",
  },
  "version-busy": {
    status: 409,
    message: "{plugin}@{version} is being built.",
    mend: "Wait for the build to end, or cancel it.",
  },
} as const;

/** Errors of this package. Listed in docs/errors.md. */
export const pluginErrors: ErrorCatalogue<typeof table> = defineErrors(table);

import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "cluster-busy": {
    status: 409,
    message: "Another command works on the cluster {cluster}: {holder}.",
    mend: "Wait until it has ended; `outrigger cluster history {cluster}` shows how far it is.",
  },
  "cluster-name-invalid": {
    status: 422,
    message: '"{name}" can\'t be the name of a cluster.',
    mend: "Use 1 to 63 small letters, digits and hyphens, with a letter or digit at both ends.",
  },
  "cluster-state-invalid": {
    status: 500,
    message: "{file} does not say what the cluster is: {reason}.",
    mend: "Put it back from a backup, or move it away and run `outrigger cluster adopt IP` with the address of a master.",
  },
  "cluster-state-newer": {
    status: 422,
    message: "{file} has the format {format}; this version reads formats up to {known}.",
    mend: "Use a newer outrigger.",
  },
  "journal-invalid": {
    status: 500,
    message: "{file}:{line} is no line of a run's journal.",
    mend: "Look what has changed the file. `outrigger cluster resume --abandon` leaves the run as it is.",
  },
  "journal-unwritable": {
    status: 500,
    message: "{file} can't be written: {reason}. Nothing new was begun without a record of it.",
    mend: "Make room or mend the disk, then run `outrigger cluster resume`.",
  },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
} as const;

export const clusterErrors: ErrorCatalogue<typeof table> = defineErrors(table);

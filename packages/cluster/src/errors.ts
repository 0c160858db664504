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
  "host-unknown": {
    status: 422,
    message: "{plugin} asks for {ip}, which is no host of the cluster {cluster}.",
    mend: "Let it use the addresses in `context.hosts` and `context.cluster.hosts`.",
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
  "not-built": { status: 500, message: "{what} is not built yet.", mend: "Wait for it." },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
  "privilege-missing": {
    status: 403,
    message: "{plugin} has not the privilege {privilege}, which it needs for {what}.",
    mend: "Name it in `spec.privileges` of the Plugin document (or in plugin.yaml) if the plug-in shall be able to do that.",
  },
  "script-output-invalid": {
    status: 422,
    message: "What {task} has written to OUTRIGGER_OUTPUT on {host} is not KEY=value in line {line}.",
    mend: "Mend the image's script: one KEY=value a line, the key of letters, digits and underscores.",
  },
  "script-output-unreadable": {
    status: 500,
    message: "What {task} has written to OUTRIGGER_OUTPUT on {host} can't be read: {reason}.",
    mend: "Mend what the host says, then run `outrigger cluster resume`.",
  },
  "step-unknown": {
    status: 500,
    message: "The runner does not know how to do the step {step}.",
    mend: "The plan is of another version of outrigger: make it anew.",
  },
} as const;

export const clusterErrors: ErrorCatalogue<typeof table> = defineErrors(table);

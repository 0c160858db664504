import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "config-invalid": {
    status: 422,
    message: "The Config document {name} ({origin}) can't be applied to {path}: {reason}.",
    mend: "Mend the document, or the file of the image that it changes; docs/cluster-files.md says what each strategy and process does.",
  },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
  "secret-in-argument": {
    status: 400,
    message: "{option} takes no secret itself: every user of this machine can read a program's arguments.",
    mend: "Write `{option}` alone to be asked, `{option} file:PATH` or `{option} env:NAME`.",
  },
  "secret-unreadable": {
    status: 400,
    message: "{question} can't be had: {reason}.",
    mend: "Give it from a file that only you can read, from a variable, or run the command on a terminal to be asked.",
  },
  "template-invalid": {
    status: 422,
    message: "The template {place} can't be filled in: {reason}",
    mend: "X",
  },
} as const;

export const clusterErrors: ErrorCatalogue<typeof table> = defineErrors(table);

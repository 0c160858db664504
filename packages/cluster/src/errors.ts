import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "cluster-plugin-ended": {
    status: 500,
    message: "The plug-in {plugin} ended in the middle of {phase}: {reason}",
    mend: "Mend what its last lines say, then resume the run: it is started anew.",
  },
  "cluster-plugin-failed": {
    status: 500,
    message: "The plug-in {plugin} failed at {phase}: {reason}",
    mend: "Mend what it says, then resume the run; docs/cluster-plugins.md says how plug-ins are tried without a cluster.",
  },
  "cluster-plugin-overdue": {
    status: 500,
    message: "The plug-in {plugin} was ended at {phase}: {reason}",
    mend: "Give it more time by `timeout` in its document, or look in its log for what it waited for.",
  },
  "cluster-plugin-unstartable": {
    status: 500,
    message: "The plug-in {plugin} can't be started from {path}: {reason}",
    mend: "Start the program by hand and look at what it prints; `outrigger cluster lint` tries it again.",
  },
  "confinement-impossible": {
    status: 403,
    message:
      "The program {path} of the plug-in {plugin} comes from an image, and nothing here can keep it from this machine's files and network.",
    mend: "Run as root on a kernel with namespaces, or let it do what it wants: give it the privilege `local`, and `--grant {plugin}`.",
  },
  "plugin-data-invalid": {
    status: 422,
    message: "The data of the plug-in {plugin} is wrong: {reason}",
    mend: "Mend `spec.data` of its document, or the variables that fill it.",
  },
  "plugin-folder-large": {
    status: 422,
    message: "{folder} has more than {files} files or {bytes} bytes, and has to be copied for a plug-in's own user.",
    mend: "Put the plug-in's code into a folder of its own.",
  },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
} as const;

export const clusterErrors: ErrorCatalogue<typeof table> = defineErrors(table);

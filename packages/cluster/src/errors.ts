import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "cluster-image-lint-failed": {
    status: 422,
    message: "{image} makes an image with {count}.",
    mend: "Mend what is named; `outrigger cluster lint` checks again, and --force builds all the same.",
  },
  "cluster-image-wrong": {
    status: 422,
    message: "{image} can't be used as a cluster image: {reason}.",
    mend: "Build it again with `outrigger cluster build`, or get it from elsewhere.",
  },
  "config-invalid": {
    status: 422,
    message: "The Config document {name} ({origin}) can't be applied to {path}: {reason}.",
    mend: "Mend the document, or the file of the image that it changes; docs/cluster-files.md says what each strategy and process does.",
  },
  "image-gathering-failed": {
    status: 422,
    message: "{count} could not be gathered.",
    mend: "Mend what is named, or build with --skip-images; nothing was built.",
  },
  "kubefile-invalid": {
    status: 422,
    message: "{file} has {count}.",
    mend: "Mend the lines named; docs/cluster-images.md has every instruction.",
  },
  "kubefile-missing": {
    status: 404,
    message: "There is no {file}.",
    mend: "Write one, or name it with -f; docs/cluster-images.md has an example.",
  },
  "kubefile-stage-unknown": {
    status: 404,
    message: "{file} has no stage {stage}.",
    mend: "Name one that a FROM has behind its AS.",
  },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
  "run-failed": {
    status: 422,
    message: "RUN {command} (line {line}) failed: {reason}.\n{log}",
    mend: "Mend the command. It runs as root of namespaces of its own, where this machine's programs are read-only.",
  },
  "run-unavailable": {
    status: 501,
    message: "RUN can't be carried out here: {reason}.",
    mend: "It needs Linux with user namespaces, bash and util-linux. Without RUN, nothing of it is needed.",
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

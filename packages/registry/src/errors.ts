import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "archive-invalid": {
    status: 422,
    message: "{archive} can't be read, at {entry}: {reason}.",
    mend: "Nothing of it was kept. Make it anew from files that a tree can hold, or get it from elsewhere.",
  },
  "archive-too-large": {
    status: 413,
    message: "{archive} is larger than allowed, {entry}: it has {reason}.",
    mend: "If it is honest, raise the limit; an archive that unfolds to far more than it seems is not.",
  },
  "attributes-tool-missing": {
    status: 501,
    message:
      "{program} is missing, without which the extended attributes of files in {folder} (e.g. capabilities of programs) can't be kept.",
    mend: "Install Debian's `attr`, or say that extended attributes may be left out.",
  },
  "folder-not-empty": {
    status: 409,
    message: "{folder} is not empty.",
    mend: "Name a folder that is new or empty: files are never mixed with others.",
  },
  "image-invalid": {
    status: 422,
    message: "{name} can't be read as an image: {reason}.",
    mend: "Name an image as Docker, Podman or BuildKit write it: a manifest or an index, a configuration, layers of tar.",
  },
  "platform-missing": {
    status: 404,
    message: "{name} is not there for {wanted}; it is for {found}.",
    mend: "Name a platform that it is for, or get the image for this one.",
  },
  "reference-invalid": {
    status: 400,
    message: '"{found}" is not the name of a package or image.',
    mend: "Write NAME:TAG, HOST/NAME:TAG or HOST/NAME@sha256:..., in lower case.",
  },
  "manifest-unknown": {
    status: 404,
    message: "{source} has no {reference}.",
    mend: "Check the name and tag; a private repository also answers so to those who may not read it.",
  },
  "digest-wrong": {
    status: 502,
    message: "What {source} gave for {digest} is something else: {found}.",
    mend: "Try again; if it stays so, the source is damaged or lies, and nothing of it was kept.",
  },
  "tree-closed": {
    status: 500,
    message: "The content of {path} was asked for, but its tree is closed or has no such file.",
    mend: "This is a mistake in the program: read a tree's files before it is closed.",
  },
  "tree-unreadable": {
    status: 422,
    message: "{path} can't be part of a tree: {reason}.",
    mend: "Remove it or leave it out, and try again when nothing writes there.",
  },
} as const;

export const registryErrors: ErrorCatalogue<typeof table> = defineErrors(table);

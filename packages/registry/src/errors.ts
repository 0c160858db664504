import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
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
} as const;

export const registryErrors: ErrorCatalogue<typeof table> = defineErrors(table);

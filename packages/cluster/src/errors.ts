import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "not-built": { status: 500, message: "{what} is not built yet.", mend: "Wait for it." },
  "plugin-type-unknown": {
    status: 422,
    message: "No plug-in has the type {type}: {known}.",
    mend: "Name a built-in type, or bring the module or executable of this type beside the document, in `plugins/`.",
  },
} as const;

export const clusterErrors: ErrorCatalogue<typeof table> = defineErrors(table);

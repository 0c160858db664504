import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "hook-unhandled": {
    status: 500,
    message: "{plugin} has no handler for {hook}.",
    mend: "Add it to `hooks` of the plug-in's module, or remove the hook from plugin.yaml.",
  },
  "handler-answer-invalid": {
    status: 500,
    message: "{plugin} gave {found} at {hook}, where {expected} is expected.",
    mend: "Return that, or nothing; to refuse, throw what `refuse` makes.",
  },
  "module-invalid": {
    status: 500,
    message: "{file} is no plug-in: {reason}.",
    mend: "Its default export is what defineEnginePlugin gives.",
  },
  "run-variable-missing": {
    status: 500,
    message: "{variable} is not set.",
    mend: "The gateway sets it; start plug-ins through the gateway.",
  },
  "json-invalid": {
    status: 400,
    message: "This is not JSON: {reason}.",
    mend: "Send one JSON value in UTF-8.",
  },
} as const;

/** The errors of the plug-in SDK. */
export const sdkErrors: ErrorCatalogue<typeof table> = defineErrors(table);

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
  "kit-manifest-invalid": {
    status: 422,
    message: "The manifest in {folder} is none that the test kit can use: {reason}",
    mend: "Mend plugin.yaml; the kit runs plug-ins of the layer engine that have an entry.",
  },
  "kit-settings-invalid": {
    status: 422,
    message: "The settings are wrong: {reason}",
    mend: "Give the values that plugin.yaml's config asks for.",
  },
  "hook-not-asked": {
    status: 422,
    message: "{plugin} handles {hook}, but its plugin.yaml does not ask for it.",
    mend: "Add it to spec.engine.hooks.",
  },
  "change-not-allowed": {
    status: 422,
    message: "{plugin} changed what it has no privilege to change: {fields}.",
    mend: "Name the fields in plugin.yaml's spec.engine.privileges.change, or leave them alone.",
  },
  "change-unseen": {
    status: 422,
    message: "{plugin} changed {field}, which is set and which it has no privilege to see.",
    mend: "Name the field in plugin.yaml's spec.engine.privileges.see.",
  },
  "kubernetes-refused": {
    status: 502,
    message: "{method} {path}: the cluster's API answered {status}: {message}",
    mend: "Look at the API's own words; `kubectl` with the same path tells more.",
  },
  "kubernetes-answer-unclear": {
    status: 502,
    message: "{method} {path}: the cluster's API gave {found}.",
    mend: "Check that the path is one of the Kubernetes API, e.g. /api/v1/nodes.",
  },
} as const;

/** The errors of the plug-in SDK. */
export const sdkErrors: ErrorCatalogue<typeof table> = defineErrors(table);

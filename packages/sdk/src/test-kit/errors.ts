import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
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
} as const;

/** The errors of the test kit. */
export const kitErrors: ErrorCatalogue<typeof table> = defineErrors(table);

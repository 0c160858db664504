import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "driver-config-invalid": {
    status: 422,
    message: "{file} is no configuration of a managed plug-in: {reason}.",
    mend: "Mend what is named; docs/driver.md has every field.",
  },
} as const;

export const driverErrors: ErrorCatalogue<typeof table> = defineErrors(table);

import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "driver-config-invalid": {
    status: 422,
    message: "{file} is no configuration of a managed plug-in: {reason}.",
    mend: "Mend what is named; docs/driver.md has every field.",
  },
  "privileges-differ": {
    status: 403,
    message: "What was granted to {name} is not what it asks for. Asked for: {asked}. Granted: {granted}.",
    mend: "Ask for the privileges again (`outrigger driver privileges`) and grant exactly these.",
  },
  "request-invalid": {
    status: 400,
    message: "The request is not one of Docker's plug-in API: {reason}.",
    mend: "docs/driver-host.md says what the host takes.",
  },
  "setting-fixed": {
    status: 400,
    message: '"{name}" is not settable.',
    mend: "`outrigger driver inspect` shows which settings are.",
  },
  "setting-invalid": {
    status: 400,
    message: '"{found}" is no setting.',
    mend: "Write NAME=VALUE or NAME.FIELD=VALUE.",
  },
  "setting-refused": {
    status: 400,
    message: "{name} can't be set so: {reason}.",
    mend: "Mend the value; nothing was changed.",
  },
  "setting-unknown": {
    status: 400,
    message: 'There is no setting "{name}"; settable: {known}.',
    mend: "Check the name; nothing was changed.",
  },
} as const;

export const driverErrors: ErrorCatalogue<typeof table> = defineErrors(table);

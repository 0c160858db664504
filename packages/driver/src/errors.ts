import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "check-unknown": {
    status: 400,
    message: "There is no check {found}.",
    mend: "docs/driver-test.md lists them; a suite such as `volume` stands for all of its checks.",
  },
  "driver-address-invalid": {
    status: 400,
    message: '"{found}" is no address of a driver.',
    mend: "Write unix:///run/docker/plugins/NAME.sock, a path, or tcp://HOST:PORT.",
  },
  "driver-config-invalid": {
    status: 422,
    message: "{file} is no configuration of a managed plug-in: {reason}.",
    mend: "Mend what is named; docs/driver.md has every field.",
  },
  "driver-silent": {
    status: 503,
    message: "{driver} can't be asked: {reason}.",
    mend: "Start the driver, or name its program after `--`; what it writes is shown with --verbose.",
  },
  "interface-unknown": {
    status: 400,
    message: "There is no interface {found} to test.",
    mend: "These can be tested: {known}.",
  },
} as const;

export const driverErrors: ErrorCatalogue<typeof table> = defineErrors(table);

import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "request-malformed": {
    status: 400,
    message: "The request is not one that this gateway passes on: {reason}.",
    mend: "Send it as the engine's own clients do.",
  },
  "body-too-large": {
    status: 413,
    message: "The request's body is larger than {limit} bytes, more than plug-ins look at.",
    mend: "Make the body smaller, or raise --body-limit.",
  },
  "upstream-unreachable": {
    status: 503,
    message: "The engine at {upstream} does not answer: {reason}.",
    mend: "See that the engine runs, and that --upstream names its socket.",
  },
  "plugin-refused": {
    status: 403,
    message: "{plugin}: {reason}",
    mend: "{hint}",
  },
  "plugin-failed": {
    status: 503,
    message: "{plugin} failed at {hook}, so the request was refused: {reason}",
    mend: "See `outrigger engine plugins logs {plugin}`; to let requests pass while it fails, set failPolicy: open for this hook.",
  },
  "container-id-invalid": {
    status: 400,
    message: "{id} is not the full id of a container.",
    mend: "Give all 64 hexadecimal digits, as `docker inspect` shows them.",
  },
  "oci-hook-invalid": {
    status: 503,
    message: "{plugin} gave an OCI hook whose {field} is {found}: expected {expected}.",
    mend: "Mend the plug-in; docs/oci-hooks.md says what a hook has.",
  },
  "hook-record-failed": {
    status: 500,
    message: "The container's hooks can't be kept in {file}: {reason}.",
    mend: "See that the folder exists, belongs to root and has room.",
  },
  "bundle-unreadable": {
    status: 500,
    message: "The container's bundle can't be read, {file}: {reason}.",
    mend: "The gateway must run as root on the engine's own machine.",
  },
} as const;

/** The errors of the engine layer. */
export const engineErrors: ErrorCatalogue<typeof table> = defineErrors(table);

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
  "runtime-refused": {
    status: 403,
    message: "Containers run under the runtime {runtime} here, which carries out the hooks of plug-ins; {found} would pass them by.",
    mend: "Leave the runtime out.",
  },
  "volume-not-changeable": {
    status: 400,
    message: "A plug-in changes the volume of {volume}, which can't be written with the mode {mode}.",
    mend: "Create the volume first, or mount it without that mode.",
  },
  "door-cannot-carry": {
    status: 403,
    message: "{plugin} changes {field}, which {door} can't carry.",
    mend: "Narrow the plug-in's filter to doors that can: create, service.",
  },
  "door-not-judged": {
    status: 403,
    message: "This request is refused, since no plug-in could judge it: {reason}.",
    mend: "Send it in a form that has the engine's usual fields, or ask the one who runs this gateway.",
  },
} as const;

/** The errors of the engine layer. */
export const engineErrors: ErrorCatalogue<typeof table> = defineErrors(table);

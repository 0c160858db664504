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
  "head-too-large": {
    status: 431,
    message: "The request's head has more than {limit}.",
    mend: "Send fewer or shorter headers; a build's arguments can stand in its Dockerfile.",
  },
  "head-timeout": {
    status: 408,
    message: "The request's head was not complete after {seconds} seconds.",
    mend: "Send it in one piece.",
  },
  "gateway-failed": {
    status: 500,
    message: "The gateway failed: {reason}.",
    mend: "This is a mistake of the gateway or of what handles the request; its log says more.",
  },
  "listener-invalid": {
    status: 422,
    message: "{found} is not something to listen on: {reason}.",
    mend: "Write unix:///path[,mode=0660][,group=docker][,user=NAME], tcp://127.0.0.1:2375, tcp://HOST:2376,cert=FILE,key=FILE,ca=FILE or fd://.",
  },
  "listener-insecure": {
    status: 422,
    message: "{found} would give root on this machine to everyone who can reach it.",
    mend: "Add cert=, key= and ca= for mutual TLS, or say it twice: insecure=yes in the listener and --allow-insecure-tcp.",
  },
  "listener-failed": {
    status: 503,
    message: "{listener} can't be listened on: {reason}.",
    mend: "Choose another place, or end what uses this one.",
  },
  "upstream-invalid": {
    status: 422,
    message: "{found} does not name an engine: {reason}.",
    mend: "Write unix:///var/run/docker.sock, tcp://127.0.0.1:2375 or tcp://HOST:2376,cert=FILE,key=FILE,ca=FILE.",
  },
  "engine-refused": {
    status: 502,
    message: "The engine refused {request} ({status}): {reason}",
    mend: "The reason is the engine's own.",
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

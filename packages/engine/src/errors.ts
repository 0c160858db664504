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
  "plugin-fault": {
    status: 503,
    message: "{reason}",
    mend: "See `outrigger engine plugins logs`.",
  },
  "client-gone": {
    status: 499,
    message: "The client left before the plug-ins had answered.",
    mend: "Nothing is to be done; nothing was sent to the engine.",
  },
  "settings-invalid": {
    status: 422,
    message: "The plug-ins in {folder} have {count}.",
    mend: "Mend the lines named. What ran before goes on running.",
  },
  "folder-unreadable": {
    status: 422,
    message: "{path} can't be read: {reason}.",
    mend: "Name a folder of plug-ins, each in a folder of its own with its plugin.yaml.",
  },
  "plugin-start-failed": {
    status: 500,
    message: "{plugin}@{version} did not start: {reason}.",
    mend: "See `outrigger engine plugins logs {plugin}`. What ran before goes on running.",
  },
  "plugin-unknown": {
    status: 404,
    message: "There is no plug-in {plugin} in {folder}.",
    mend: "`outrigger engine plugins` lists those that are there.",
  },
  "plugin-present": {
    status: 409,
    message: "{plugin} is installed already, as {version}.",
    mend: "`outrigger engine plugins upgrade` puts another version in its place.",
  },
  "grants-missing": {
    status: 403,
    message: "{plugin} asks for privileges that are not granted: {missing}.",
    mend: "Grant each with --grant, or all of them with --grant all.",
  },
  "version-unknown": {
    status: 404,
    message: "There is no version {version} of {plugin} to go to.",
    mend: "Install it from a folder with `outrigger engine plugins upgrade`.",
  },
  "program-missing": {
    status: 503,
    message: "{program} is not there, and plug-ins don't run without it: {reason}.",
    mend: "Install the package util-linux.",
  },
  "control-unreachable": {
    status: 503,
    message: "No gateway answers at {socket}: {reason}.",
    mend: "Start one with `outrigger engine`, or name its socket with --control.",
  },
  "trace-unknown": {
    status: 404,
    message: "There is no trace of a request {id}.",
    mend: "Traces are kept for a while only; `outrigger engine trace` lists them.",
  },
  "recording-invalid": {
    status: 422,
    message: "{file} holds no recorded call: {reason}.",
    mend: "Record calls with `outrigger engine --record DIR`, or write its hook, facts and input as JSON.",
  },
} as const;

/** The errors of the engine layer. */
export const engineErrors: ErrorCatalogue<typeof table> = defineErrors(table);

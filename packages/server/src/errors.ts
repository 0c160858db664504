import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  unauthorized: {
    status: 401,
    message: "This needs a token, and the one sent is missing or not valid.",
    mend: "Send `Authorization: Bearer TOKEN`; on the server's own machine its admin token is in the file admin-token of the data directory.",
  },
  forbidden: {
    status: 403,
    message: "This needs {needed}; the token has {has}.",
    mend: "Ask an admin for a token with that role.",
  },
  "team-unknown": {
    status: 404,
    message: "There is no team {team}, or this token has no role in it.",
    mend: "`outrigger get teams` lists the teams that the token reaches.",
  },
  "team-exists": { status: 409, message: "There is a team {team} already.", mend: "Choose another name." },
  "team-in-use": {
    status: 409,
    message: "The team {team} still has {what}.",
    mend: "Delete those first. The default team always stays.",
  },
  "token-unknown": { status: 404, message: "There is no token {id}.", mend: "`outrigger token list` lists the tokens." },
  "admin-token-kept": {
    status: 409,
    message: "The token {id} is the server's own admin token and can't be deleted.",
    mend: "To replace it, remove the file admin-token from the data directory and start the server again.",
  },
  "plugin-unknown": { status: 404, message: "There is no plug-in {plugin}.", mend: "`outrigger get plugins` lists them." },
  "plugin-in-use": {
    status: 409,
    message: "The plug-in {plugin} is installed on {users}.",
    mend: "Uninstall it there first.",
  },
  "plugin-busy": { status: 409, message: "{plugin}@{version} is being built.", mend: "Wait for the build to end, or cancel it." },
  "plugin-layer-differs": {
    status: 409,
    message: "The plug-in {plugin} is of the layer {layer}; this manifest says {found}.",
    mend: "Give the plug-in of the other layer a name of its own.",
  },
  "version-unknown": {
    status: 404,
    message: "There is no version {plugin}@{version}.",
    mend: "`outrigger plugin versions {plugin}` lists them.",
  },
  "version-in-use": {
    status: 409,
    message: "{plugin}@{version} is installed on {users}.",
    mend: "Set another version there, or uninstall it.",
  },
  "revision-unknown": {
    status: 404,
    message: "{plugin} on {component} has no revision {number}; the newest 100 are kept.",
    mend: "`outrigger get revisions {component}/{plugin}` lists them.",
  },
  "discovery-unauthorized": {
    status: 401,
    message: "Live settings are given to their own plug-in only. {why}",
    mend: "Send `Authorization: Bearer $DISCOVER_TOKEN`; an admin can let a team's pods ask without: `outrigger team allow TEAM discovery-without-token`.",
  },
  "discovery-forbidden": {
    status: 403,
    message: "The settings of {place} are not for this caller: its token is {whose}.",
    mend: "Ask at $DISCOVER_URL with $DISCOVER_TOKEN, both of the same container.",
  },
  "discovery-unknown": {
    status: 404,
    message: "There are no live settings at {place}.",
    mend: "Ask at $DISCOVER_URL; a plug-in that was uninstalled or disabled has none.",
  },
  "discovery-method": { status: 405, message: "Settings are read, not written: {method} is not answered here.", mend: "Use GET." },
  "discovery-query": { status: 400, message: "{found} is no parameter of discovery.", mend: "Expected: {expected}." },
  "discovery-address": {
    status: 500,
    message: "Discovery can't listen on {address}, so the plug-ins of {application} get no live settings: {reason}.",
    mend: "Free the port, or start the server with other ones: `outrigger server --discovery-port`, `--xds-port`.",
  },
  "manifest-misplaced": {
    status: 422,
    message: "The manifest is of {found}, but it was sent to {expected}.",
    mend: "Send it to its own address, or change its metadata.",
  },
  "template-unread": {
    status: 422,
    message: "The manifest names the template file {file}, which the server can't see.",
    mend: "Send the template's text as `template`; `outrigger plugin create` and `outrigger up` do.",
  },
  "build-unknown": { status: 404, message: "There is no build {build}.", mend: "`outrigger get builds` lists them." },
  "build-ended": { status: 409, message: "The build {build} has ended already: {state}.", mend: "Start another one." },
  "build-queue-full": {
    status: 429,
    message: "{length} builds are waiting already, which is the limit.",
    mend: "Try again when some have ended.",
  },
  "build-layer": {
    status: 422,
    message: "{plugin} is of the layer {layer}; this server builds plug-ins of the layer pod.",
    mend: "Build it with the tools of its layer.",
  },
  "context-required": {
    status: 422,
    message: "{subject} is built from a Dockerfile, and no context came with the request.",
    mend: "Send the context folder as a tar (`Content-Type: application/x-tar`); `outrigger plugin build` does that.",
  },
  "context-unwanted": {
    status: 422,
    message: "{subject} is built from {source}, so there is no use for a context.",
    mend: "Send the request without a body.",
  },
  "context-too-large": {
    status: 413,
    message: "The context is larger than {limit} bytes.",
    mend: "Leave out what the build does not need with a .dockerignore file.",
  },
  "context-unsafe": {
    status: 422,
    message: "The context can't be used: {entry}: {reason}.",
    mend: "Remove that entry from the context folder.",
  },
  "git-refused": {
    status: 422,
    message: "{what} can't be used: {reason}.",
    mend: "Name a repository by https://, http://, ssh:// or USER@HOST:PATH, and a branch, tag or commit. Keep credentials in the team's credentials.",
  },
  "git-failed": { status: 502, message: "git {step} failed: {reason}", mend: "Check the url, the ref and the team's git credentials." },
  "build-interrupted": {
    status: 500,
    message: "The server stopped before the build ended.",
    mend: "Build again.",
  },
  "build-timeout": {
    status: 504,
    message: "The build took longer than {seconds} s.",
    mend: "Make it quicker, or raise the server's limit.",
  },
  "build-cancelled": { status: 409, message: "The build was cancelled.", mend: "Build again." },
  "application-unknown": {
    status: 404,
    message: "There is no application {application}.",
    mend: "`outrigger get applications` lists them.",
  },
  "application-deleting": {
    status: 409,
    message: "The application {application} is being removed.",
    mend: "Wait until it is gone, then apply again.",
  },
  "application-invalid": {
    status: 422,
    message: "The application {application} has {count}.",
    mend: "Mend what is named; nothing was changed.",
  },
  "component-unknown": {
    status: 404,
    message: "The application {application} has no component {component}.",
    mend: "`outrigger get components` lists them.",
  },
  "component-leaving": {
    status: 409,
    message: "The component {component} of {application} is being removed.",
    mend: "Wait until it is gone, then apply again.",
  },
  "installation-unknown": {
    status: 404,
    message: "{plugin} is not installed on {component}.",
    mend: "`outrigger describe` shows what is installed.",
  },
  "already-installed": {
    status: 409,
    message: "{plugin}@{version} is installed on {component} already.",
    mend: "Change it with PATCH (`outrigger configure`), or uninstall it first.",
  },
  "installation-invalid": {
    status: 422,
    message: "{plugin} can't be installed like this on {component}: {count}.",
    mend: "Mend what is named; nothing was changed.",
  },
  "traffic-unwatched": {
    status: 409,
    message: "Nothing watches the traffic of {target}: it has no performance plug-in.",
    mend: "Install one: `outrigger install {target} performance`; the team must allow it capability:NET_RAW.",
  },
  "traffic-switched-off": {
    status: 409,
    message: "{plugin} on {target} is switched off.",
    mend: "Switch it on: `outrigger enable {target} {plugin}`.",
  },
  "credential-host-taken": {
    status: 409,
    message: "The credential {name} is for {host} already.",
    mend: "Change that one, or delete it first.",
  },
  "credential-unknown": { status: 404, message: "There is no credential {name}.", mend: "`GET credentials` lists them." },
  "changed-meanwhile": {
    status: 412,
    message: "{what} has changed since it was read: its ETag is {found} now.",
    mend: "Read it again, and repeat the change on what it is now.",
  },
  "exists-already": { status: 412, message: "{what} exists already.", mend: "Leave out `If-None-Match: *` to change it." },
  "request-invalid": { status: 422, message: "The {part} has {count}.", mend: "Mend what is named." },
  "request-malformed": { status: 400, message: "The request can't be read: {reason}", mend: "Send well-formed HTTP with a JSON body." },
  "body-too-large": { status: 413, message: "The request's body is larger than {limit} bytes.", mend: "Send less at once." },
  "media-type": {
    status: 415,
    message: "A body of the type {found} is not taken here.",
    mend: "Send `application/json`, or `application/x-tar` for a build's context.",
  },
  "route-unknown": { status: 404, message: "There is no {method} {path}.", mend: "The API is described at /api/v1/openapi.json." },
  "disk-full": {
    status: 507,
    message: "The disk with the server's data is full; nothing was changed.",
    mend: "Free some space in {path} and try again.",
  },
  "secret-unreadable": {
    status: 500,
    message: "The secret {place} can't be decrypted with this server's key.",
    mend: "Put back the file `key` that belongs to this data directory, or set the secret again.",
  },
  "secret-changed": {
    status: 409,
    message: "The secret {place} has changed since the pod was composed.",
    mend: "Nothing: the pod is composed again with the new one.",
  },
  "data-dir-in-use": {
    status: 503,
    message: "Another server works on {path} already.",
    mend: "Use that one, stop it first, or choose another data directory.",
  },
  "data-dir-unusable": {
    status: 500,
    message: "{path} can't be used: {reason}",
    mend: "Mend the file named, or choose another data directory.",
  },
  "address-unusable": {
    status: 503,
    message: "Can't listen on {host}:{port}: {reason}",
    mend: "Choose another address or port, or stop what uses it.",
  },
  "shutting-down": { status: 503, message: "The server is shutting down.", mend: "Try again when it runs again." },
  internal: { status: 500, message: "The server failed at this request (id {request}).", mend: "Its log tells more about that id." },
} as const;

/** Errors of this package. Listed in docs/errors.md. */
export const serverErrors: ErrorCatalogue<typeof table> = defineErrors(table);

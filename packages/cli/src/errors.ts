import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "option-invalid": {
    status: 400,
    message: "{option} can't be {found}: expected {expected}.",
    mend: "Run `outrigger {command} --help` for examples.",
  },
  "options-invalid": {
    status: 422,
    message: "The options of the command line have {count}.",
    mend: "Mend what is named; --help shows examples. Nothing was touched.",
  },
  "target-invalid": {
    status: 400,
    message: '"{target}" names no component.',
    mend: "Write APPLICATION/COMPONENT, e.g. shop/web; `outrigger get components` lists them.",
  },
  "engine-plugins-stayed": {
    status: 422,
    message: "What was asked for is written, but the gateway goes on with what ran before: {reason}",
    mend: "Mend it, or take it back with the opposite verb; `outrigger engine plugins` shows what runs.",
  },
  "file-unreadable": {
    status: 400,
    message: "{file} can't be read: {reason}.",
    mend: "Name a file that exists and that you may read.",
  },
  "file-exists": {
    status: 409,
    message: "{file} exists already.",
    mend: "Choose another folder, or remove it first; nothing was written.",
  },
  "context-unsupported": {
    status: 422,
    message: "{path} is a {what}, which a build context can't hold.",
    mend: "Remove it, or name it in {context}/.dockerignore.",
  },
  "dockerfile-missing": {
    status: 422,
    message: "There is no {file}.",
    mend: "Write it, or name another with `file:` in the source.",
  },
  "template-without-container": {
    status: 422,
    message: "{file} has no container {container}.",
    mend: "It has these: {known}. Choose one with --container.",
  },
  "template-ambiguous": {
    status: 422,
    message: "{file} has {count} containers {container}, in: {places}.",
    mend: "Keep one of these documents in the file.",
  },
  "server-not-running": {
    status: 503,
    message: "No server runs on this machine ({file} is not there).",
    mend: "Start one with `outrigger server --detach` or `outrigger up`, or name another with --server.",
  },
  "server-unreachable": {
    status: 503,
    message: "The server at {url} does not answer: {reason}.",
    mend: "Start it with `outrigger server --detach`, or name another with --server.",
  },
  "server-start-failed": {
    status: 500,
    message: "The server did not start: {reason}.\n{log}",
    mend: "Its whole log is {file}.",
  },
  "server-stop-failed": {
    status: 500,
    message: "The server (process {pid}) has not ended after {seconds} s.",
    mend: "Its log says what it does; `kill -9 {pid}` ends it, and loses nothing.",
  },
  "answer-unreadable": {
    status: 502,
    message: "{url} answered {status} with something that is no answer of an Outrigger server.",
    mend: "Check the address given by --server or OUTRIGGER_SERVER.",
  },
  "token-missing": {
    status: 401,
    message: "There is no token for the server at {url}.",
    mend: "Put one into OUTRIGGER_TOKEN, or into a file that --token-file names; an admin makes one with `outrigger token create`.",
  },
  "engine-missing": {
    status: 503,
    message: "The server has no container engine to run anything on: {reason}.",
    mend: "Start the engine (`systemctl start docker`, or `dockerd`) and run the command again; nothing was changed.",
  },
  "build-failed": {
    status: 500,
    message: "{subject} was not built ({state}): {reason}.\n{log}",
    mend: "Mend what the log names and run the command again.",
  },
  "components-failing": {
    status: 500,
    message: "{application} is not ready: {reasons}.\n{log}",
    mend: "`outrigger logs {application}/{component}` shows more; `outrigger down {application}` removes it.",
  },
  "components-late": {
    status: 500,
    message: "{application} is not ready after {seconds} s: {reasons}.",
    mend: "It goes on starting; `outrigger get components {application}` shows how it fares. A longer --timeout waits longer.",
  },
  "no-version-before": {
    status: 409,
    message: "{plugin} has run as {version} only on {target}.",
    mend: "`outrigger plugin versions {plugin}` lists them; `outrigger upgrade` sets any of them.",
  },
  "revisions-of": {
    status: 400,
    message: "Revisions are those of an installation, not of {found}.",
    mend: "Name it: `outrigger get revisions APPLICATION/COMPONENT/PLUGIN`.",
  },
  "team-unknown": {
    status: 404,
    message: "There is no team {team} in which this token has a role.",
    mend: "There are these: {known}. `outrigger team create {team}` makes it.",
  },
  "removal-late": {
    status: 500,
    message: "{application} is not gone after {seconds} s.",
    mend: "It goes on stopping; `outrigger events` shows what holds it.",
  },
  "place-ambiguous": {
    status: 400,
    message: "{place} does not say which package is meant.",
    mend: "Add a colon and its name there. There are these: {known}.",
  },
  "place-read-only": {
    status: 400,
    message: "Nothing can be written to {place}.",
    mend: "Name a tag in a registry, store:NAME:TAG or oci:FOLDER:NAME; `outrigger save` writes archives.",
  },
  "prompt-impossible": {
    status: 400,
    message: "{what} must be typed, but the input is no terminal and holds nothing.",
    mend: "Pipe it in, e.g. `outrigger ... < secret.txt`.",
  },
  "cluster-exists": {
    status: 409,
    message: "There is a cluster {cluster} already.",
    mend: "Change it with `outrigger cluster apply`, `join`, `scale` or `upgrade`; or give the new one another name with --name.",
  },
  "cluster-not-named": {
    status: 400,
    message: "Which cluster is meant is not clear: {known}.",
    mend: "Name it with -c NAME.",
  },
  "delete-what": {
    status: 400,
    message: "What to delete is not clear.",
    mend: "Name hosts with -m and -n, or the whole cluster with --all; not both.",
  },
  "hosts-absent": {
    status: 422,
    message: "{hosts} is no host of the cluster {cluster}.",
    mend: "`outrigger cluster status {cluster}` lists its hosts.",
  },
  "hosts-missing": {
    status: 400,
    message: "No hosts are named.",
    mend: "Name masters with -m and nodes with -n, e.g. -m 10.0.0.1 -n 10.0.0.2-10.0.0.9.",
  },
  "hosts-present": {
    status: 409,
    message: "{hosts} is in the cluster {cluster} already.",
    mend: "Leave it out; `outrigger cluster status {cluster}` lists the hosts.",
  },
  "no-image-before": {
    status: 409,
    message: "The cluster {cluster} has had no other image than {image}.",
    mend: "`outrigger cluster upgrade IMAGE` gives it any image, an older one, too.",
  },
  "not-confirmed": {
    status: 400,
    message: "Not confirmed: {question}",
    mend: "Answer y, or give -y where nobody can answer. Nothing was changed.",
  },
  "plugin-not-named": {
    status: 400,
    message: "No plug-in is named.",
    mend: "Name one of the cluster's (`outrigger cluster plugin ls`), or a file with -f.",
  },
  "run-planned-otherwise": {
    status: 409,
    message: "{file} no longer asks for the operation {operation} of the open run {run}.",
    mend: "Resume without -f, or leave the run with `outrigger cluster resume --abandon` and apply the file.",
  },
} as const;

/** Errors of this package. Listed in docs/errors.md. */
export const cliErrors: ErrorCatalogue<typeof table> = defineErrors(table);

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
  "answer-too-large": {
    status: 502,
    message: "The engine's answer is larger than {limit} bytes, so {plugin} can't see and change it.",
    mend: "Ask for less, e.g. with filters, or raise --body-limit.",
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
  "daemon-json-invalid": {
    status: 422,
    message: "{file} can't be changed: {reason}.",
    mend: "Mend the file by hand; `dockerd --validate --config-file {file}` checks it.",
  },
  "runtime-name-taken": {
    status: 409,
    message: "The name {name} belongs to another runtime in {file}.",
    mend: "Choose another with --name.",
  },
  "runtime-missing": {
    status: 400,
    message: "There is no runtime {runtime} on this machine that containers could be run with.",
    mend: "Name a program, its absolute path, or a runtime of daemon.json with --runtime.",
  },
  "folder-unsafe": {
    status: 400,
    message: "{folder} belongs to another user than root, or others may write in it.",
    mend: "Make it root's alone (`chown root {folder}; chmod go-w {folder}`): what lies there runs as root.",
  },
  "reload-failed": {
    status: 400,
    message: "{file} names no dockerd that runs, so nothing was told to read daemon.json again.",
    mend: "Name the pid file of your dockerd, usually /var/run/docker.pid, or restart it.",
  },
  "hooks-directory-impossible": {
    status: 422,
    message: "{plugin} can't be carried out by a hooks.d directory: {reason}.",
    mend: "Leave it out, or use outrigger-runc as the runtime of Podman; see docs/oci-hooks.md.",
  },
  "cri-listen-failed": {
    status: 400,
    message: "The CRI proxy can't use {address}: {reason}.",
    mend: "Give unix:///PATH in a folder that exists, and see that nothing else listens there.",
  },
  "cri-message-invalid": {
    status: 400,
    message: "The CreateContainer request can't be read: {reason}.",
    mend: "Send a CreateContainerRequest of CRI v1 or v1alpha2.",
  },
  "cri-message-too-large": {
    status: 413,
    message: "The CreateContainer request is larger than {limit} bytes.",
    mend: "Make it smaller; the kubelet sends no larger ones.",
  },
  "cri-encoding": {
    status: 415,
    message: "The CreateContainer request is compressed with {encoding}, which plug-ins can't look into.",
    mend: "Send it plain or with gzip.",
  },
  "engine-start-failed": {
    status: 503,
    message: "{program} was started, but no engine answers: {reason}.",
    mend: "See its own output above; `{program} --help` lists its options.",
  },
  "runtime-unknown": {
    status: 400,
    message: "The engine knows no runtime {runtime}, only {known}.",
    mend: "Register it: `outrigger engine install-runtime --write --reload /var/run/docker.pid`.",
  },
  "runtime-needed": {
    status: 400,
    message: "A plug-in gives OCI hooks at container.preStart, but nothing would carry them out.",
    mend: "Register the wrapper with `outrigger engine install-runtime`, and name it with --runtime outrigger.",
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
  "state-closed": {
    status: 400,
    message: "Plug-ins run as users of their own, which can't get to {state}: {folder} is closed to them.",
    mend: "Choose another folder with --state, or open the way: chmod o+x {folder}.",
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

import { defineErrors, type ErrorCatalogue } from "@outrigger/plugin";

const table = {
  "bundle-failed": {
    status: 422,
    message: "{entry} can't be made into one file: {reason}.",
    mend: "Mend what is named; everything that the module imports must be installed beside it.",
  },
  "address-invalid": {
    status: 400,
    message: "{found} names neither a socket nor a host.",
    mend: "Write unix:///run/outrigger/driver.sock or tcp://127.0.0.1:2375.",
  },
  "digest-install-panics": {
    status: 409,
    message: "Docker Engine {version} would crash, and every container's engine with it: it can't install a plug-in by digest.",
    mend: "Name a tag, or upgrade the engine to 23.0.15, 25.0.3, 26 or later.",
  },
  "driver-ambiguous": {
    status: 400,
    message: '"{name}" begins the ids of several drivers.',
    mend: "Give more of the id, or the name.",
  },
  "driver-cannot-start": {
    status: 500,
    message: "The driver can't be started: {reason}.",
    mend: "Mend what is named; nothing runs.",
  },
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
  "node-unusable": {
    status: 422,
    message: "{program} can't be put into a driver: {reason}.",
    mend: "Name another with --node-binary, e.g. the one of nodejs.org for this machine.",
  },
  "rootfs-unusable": {
    status: 422,
    message: "The root filesystem has no room for the folder {path}: {reason}.",
    mend: "Remove what stands there; an engine mounts something at this place.",
  },
  "driver-disabled": {
    status: 409,
    message: "The driver {name} is disabled already.",
    mend: "Nothing is to be done.",
  },
  "driver-enabled": {
    status: 409,
    message: "The driver {name} is enabled already.",
    mend: "Disable it first with `outrigger driver disable {name}`.",
  },
  "driver-exists": {
    status: 409,
    message: "The driver {name} exists already.",
    mend: "Choose another name with --alias, or put a new version in its place with `outrigger driver upgrade`.",
  },
  "driver-in-use": {
    status: 409,
    message: "The driver {name} is in use: engines hold {count} of its mounts and log streams.",
    mend: "End the containers that use it, or use --force: they lose what they hold.",
  },
  "driver-mounts-remain": {
    status: 409,
    message: "The driver {name} has left mounts behind that can't be taken away: {mounts}.",
    mend: "Unmount them by hand: removing the driver would remove what lies behind them.",
  },
  "driver-no-previous": {
    status: 409,
    message: "There is no version of {name} before this one.",
    mend: "`outrigger driver upgrade {name} REFERENCE` sets any version.",
  },
  "driver-setting-enabled": {
    status: 409,
    message: "Settings of {name} can't be changed while it is enabled.",
    mend: "Disable it first with `outrigger driver disable {name}`.",
  },
  "driver-settings-missing": {
    status: 400,
    message: "The driver {name} needs values that are not set: {missing}.",
    mend: "Set them with `outrigger driver set {name} NAME=VALUE`.",
  },
  "driver-start-failed": {
    status: 500,
    message: "The driver {name} is not healthy: {reason}.",
    mend: "It stays disabled. `outrigger driver logs {name}` shows what it wrote.",
  },
  "driver-still-enabled": {
    status: 409,
    message: "The driver {name} is enabled.",
    mend: "Disable it first with `outrigger driver disable {name}`, or use --force.",
  },
  "driver-unknown": {
    status: 404,
    message: 'There is no driver "{name}".',
    mend: "`outrigger driver ls` lists those that are installed.",
  },
  "driver-upgrade-failed": {
    status: 500,
    message: "The new version of {name} is not healthy, so {back} runs again: {reason}.",
    mend: "`outrigger driver logs {name}` shows what it wrote.",
  },
  "driver-upgrade-lost": {
    status: 500,
    message: "The new version of {name} is not healthy ({reason}), and {back} does not run either: {second}.",
    mend: "`outrigger driver logs {name}` shows what they wrote; the host goes on trying.",
  },
  "privileges-not-granted": {
    status: 400,
    message: "{name} asks for privileges that were not granted: {missing}.",
    mend: "Grant each with --grant NAME=VALUE, or all of them with --grant-all-permissions; nothing was installed.",
  },
  "engine-cannot": {
    status: 400,
    message: "Docker Engine can't {what}: {reason}.",
    mend: "{mend}",
  },
  "package-not-driver": {
    status: 422,
    message: "{name} is no managed plug-in: {reason}.",
    mend: "Name what `outrigger driver push` or `docker plugin push` has made.",
  },
  "plugin-api-denied": {
    status: 409,
    message: "{address} refused it ({status}): {reason}",
    mend: "{mend}",
  },
  "plugin-api-failed": {
    status: 502,
    message: "{address} failed at it ({status}): {reason}",
    mend: "{mend}",
  },
  "plugin-api-unreachable": {
    status: 503,
    message: "Nobody answers at {address}: {reason}.",
    mend: "Start `outrigger driver host`, or name an engine with --engine.",
  },
  "privileges-differ": {
    status: 403,
    message: "What was granted to {name} is not what it asks for. Asked for: {asked}. Granted: {granted}.",
    mend: "Ask for the privileges again (`outrigger driver privileges`) and grant exactly these.",
  },
  "published-name-taken": {
    status: 409,
    message: "Engines would know {name} as {published}, and that is {other} already.",
    mend: "Choose another name with --alias.",
  },
  "record-unreadable": {
    status: 500,
    message: "{file} can't be read: {reason}.",
    mend: "Restore it, or remove its folder: then the driver is no longer installed.",
  },
  "request-invalid": {
    status: 400,
    message: "The request is not one of Docker's plug-in API: {reason}.",
    mend: "docs/driver-host.md says what the host takes.",
  },
  "root-in-use": {
    status: 409,
    message: "Another host (process {pid}) keeps its drivers in {root}.",
    mend: "Use that one, or choose another folder with --root.",
  },
  "root-unusable": {
    status: 400,
    message: "Drivers can't be kept in {root}: {reason}.",
    mend: "Choose another folder with --root.",
  },
  "runtime-missing": {
    status: 400,
    message: "There is no {found} on this machine to run drivers with.",
    mend: "Install runc or crun, or name another OCI runtime with --runtime.",
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
  "socket-taken": {
    status: 409,
    message: "{path} can't be listened on: {reason}.",
    mend: "End what uses it, or choose another name.",
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
  "driver-description-missing": {
    status: 422,
    message: "{source} does not say how the driver is run: there is neither a plugin.yaml nor a config.json.",
    mend: "Write one there, or name it with --config.",
  },
  "driver-lint-failed": {
    status: 422,
    message: "{source} has {count} with which it can't work as a managed plug-in.",
    mend: "Mend what is named; `outrigger driver lint` checks again.",
  },
  "driver-source-unknown": {
    status: 404,
    message: "{source} is nothing that a driver can be built from: {reason}.",
    mend: "Name a folder, a tar, an image layout, or an image as HOST/NAME:TAG.",
  },
  "route-unknown": {
    status: 404,
    message: "{request} is no call of this host.",
    mend: "docs/driver-host.md lists them; pushing and creating plug-ins need no host: `outrigger driver push`, `outrigger driver build`.",
  },
  "program-unusable": {
    status: 422,
    message: "{program} can't be put into a driver: {reason}.",
    mend: "Install it on the machine that builds, for the architecture that is built; plugin.yaml names it under `source.programs`.",
  },
} as const;

export const driverErrors: ErrorCatalogue<typeof table> = defineErrors(table);

import type { Command } from "commander";

interface Entry {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
}

/** A command whose module is loaded when it is named: `define` adds its arguments, options, examples and action. */
export interface LeafEntry extends Entry {
  readonly load: () => Promise<{ readonly define: (command: Command) => void }>;
  readonly children?: undefined;
}

/** A command that holds others, and with `load` does something of its own when none of them is named. */
export interface GroupEntry extends Entry {
  readonly load?: LeafEntry["load"];
  readonly children: readonly CommandEntry[];
}

export type CommandEntry = LeafEntry | GroupEntry;

const plugin: GroupEntry = {
  name: "plugin",
  summary: "Write, check, build and remove plug-ins",
  children: [
    { name: "init", summary: "Write the folder of a new plug-in", load: () => import("./commands/plugin/init.ts") },
    { name: "validate", summary: "Check plugin.yaml and app.yaml files", load: () => import("./commands/plugin/validate.ts") },
    {
      name: "import",
      summary: "Turn a container of a Kubernetes template into a plug-in",
      load: () => import("./commands/plugin/import.ts"),
    },
    { name: "create", summary: "Put a plug-in's files on the server as a draft", load: () => import("./commands/plugin/create.ts") },
    { name: "build", summary: "Build a version; it is fixed once built", load: () => import("./commands/plugin/build.ts") },
    { name: "versions", summary: "List the versions of a plug-in", load: () => import("./commands/plugin/versions.ts") },
    { name: "show", summary: "Show a version with every setting", load: () => import("./commands/plugin/show.ts") },
    { name: "delete", summary: "Delete a plug-in or one version", load: () => import("./commands/plugin/delete.ts") },
  ],
};

const token: GroupEntry = {
  name: "token",
  summary: "Make, list and withdraw tokens",
  children: [
    { name: "create", summary: "Make a token and print it once", load: () => import("./commands/token/create.ts") },
    { name: "list", summary: "List tokens", load: () => import("./commands/token/list.ts") },
    { name: "delete", summary: "Withdraw a token", load: () => import("./commands/token/delete.ts") },
  ],
};

const team: GroupEntry = {
  name: "team",
  summary: "Make teams and allow them privileges",
  children: [
    { name: "create", summary: "Make a team", load: () => import("./commands/team/create.ts") },
    { name: "list", summary: "List teams", load: () => import("./commands/team/list.ts") },
    { name: "allow", summary: "Let a team's installations use privileges", load: () => import("./commands/team/allow.ts") },
    { name: "delete", summary: "Delete an empty team", load: () => import("./commands/team/delete.ts") },
  ],
};

const credential: GroupEntry = {
  name: "credential",
  summary: "Store credentials for registries and git hosts",
  children: [
    {
      name: "set",
      summary: "Store a credential; the password is read, never an argument",
      load: () => import("./commands/credential/set.ts"),
    },
    { name: "list", summary: "List credentials, without passwords", load: () => import("./commands/credential/list.ts") },
    { name: "delete", summary: "Delete a credential", load: () => import("./commands/credential/delete.ts") },
  ],
};

const driver: GroupEntry = {
  name: "driver",
  summary: "Build, ship, run and check Docker's managed plug-ins, without a Docker daemon",
  children: [
    { name: "build", summary: "Build a driver into the local store", load: () => import("./commands/driver/build.ts") },
    { name: "lint", summary: "Say what fails or surprises later in a driver", load: () => import("./commands/driver/lint.ts") },
    {
      name: "push",
      summary: "Push a driver, with the tags of all its architectures, to a registry",
      load: () => import("./commands/driver/push.ts"),
    },
    { name: "save", summary: "Write packages of the local store as one tar", load: () => import("./commands/save.ts") },
    { name: "load", summary: "Read packages of a tar into the local store", load: () => import("./commands/load.ts") },
    { name: "host", summary: "Run drivers without a Docker daemon", load: () => import("./commands/driver/host.ts") },
    { name: "privileges", summary: "Show what a driver asks for", load: () => import("./commands/driver/privileges.ts") },
    {
      name: "install",
      summary: "Install a driver with the privileges that it asks for",
      load: () => import("./commands/driver/install.ts"),
    },
    { name: "ls", summary: "List drivers and how they fare", load: () => import("./commands/driver/ls.ts") },
    { name: "inspect", summary: "Show a driver in full", load: () => import("./commands/driver/inspect.ts") },
    { name: "enable", summary: "Enable a driver and wait until it is healthy", load: () => import("./commands/driver/enable.ts") },
    { name: "disable", summary: "Disable a driver; it keeps its settings", load: () => import("./commands/driver/disable.ts") },
    { name: "set", summary: "Change a driver's settings", load: () => import("./commands/driver/set.ts") },
    { name: "upgrade", summary: "Put another version in a driver's place", load: () => import("./commands/driver/upgrade.ts") },
    { name: "rollback", summary: "Go back to the version before", load: () => import("./commands/driver/rollback.ts") },
    { name: "rm", summary: "Remove a driver and what it has stored", load: () => import("./commands/driver/rm.ts") },
    { name: "logs", summary: "Print what a driver has written", load: () => import("./commands/driver/logs.ts") },
    { name: "test", summary: "Ask a driver what an engine asks, and judge its answers", load: () => import("./commands/driver/test.ts") },
  ],
};

const engine: GroupEntry = {
  name: "engine",
  summary: "Run plug-ins before a container engine",
  load: () => import("./commands/engine/run.ts"),
  children: [
    {
      name: "plugins",
      summary: "List, install and change the plug-ins of the engine",
      load: () => import("./commands/engine/plugins/list.ts"),
      children: [
        { name: "list", summary: "List plug-ins and how they fare", load: () => import("./commands/engine/plugins/list.ts") },
        { name: "install", summary: "Install a plug-in from its folder", load: () => import("./commands/engine/plugins/install.ts") },
        { name: "enable", summary: "Switch a plug-in on", load: () => import("./commands/engine/plugins/enable.ts") },
        {
          name: "disable",
          summary: "Switch a plug-in off; it keeps its settings",
          load: () => import("./commands/engine/plugins/disable.ts"),
        },
        { name: "configure", summary: "Change a plug-in's settings", load: () => import("./commands/engine/plugins/configure.ts") },
        { name: "order", summary: "Say which plug-ins come first", load: () => import("./commands/engine/plugins/order.ts") },
        { name: "grant", summary: "Grant privileges to a plug-in", load: () => import("./commands/engine/plugins/grant.ts") },
        {
          name: "upgrade",
          summary: "Put another version in a plug-in's place",
          load: () => import("./commands/engine/plugins/upgrade.ts"),
        },
        {
          name: "rollback",
          summary: "Go back to the version that ran before",
          load: () => import("./commands/engine/plugins/rollback.ts"),
        },
        { name: "uninstall", summary: "Remove a plug-in with its settings", load: () => import("./commands/engine/plugins/uninstall.ts") },
        { name: "inspect", summary: "Show a plug-in in full", load: () => import("./commands/engine/plugins/inspect.ts") },
        { name: "logs", summary: "Print what a plug-in has written", load: () => import("./commands/engine/plugins/logs.ts") },
      ],
    },
    { name: "trace", summary: "Show which plug-in changed what in which request", load: () => import("./commands/engine/trace.ts") },
    { name: "explain", summary: "Say why a request was refused", load: () => import("./commands/engine/explain.ts") },
    {
      name: "replay",
      summary: "Play a recorded call through plug-ins, without an engine",
      load: () => import("./commands/engine/replay.ts"),
    },
    {
      name: "install-runtime",
      summary: "Register the runtime that carries out plug-ins' OCI hooks",
      load: () => import("./commands/engine/install-runtime.ts"),
    },
    {
      name: "hooks-directory",
      summary: "Write plug-ins' OCI hooks as a hooks.d directory for Podman and CRI-O",
      load: () => import("./commands/engine/hooks-directory.ts"),
    },
    { name: "cri", summary: "Run plug-ins before a CRI runtime", load: () => import("./commands/engine/cri.ts") },
  ],
};

const cluster: GroupEntry = {
  name: "cluster",
  summary: "Build cluster images, and run clusters and their plug-ins over SSH",
  children: [
    { name: "adopt", summary: "Take a cluster's state from one of its masters", load: () => import("./commands/cluster/adopt.ts") },
    { name: "apply", summary: "Make a cluster what its Clusterfile says", load: () => import("./commands/cluster/apply.ts") },
    { name: "delete", summary: "Take hosts out of a cluster, or delete it", load: () => import("./commands/cluster/delete.ts") },
    { name: "history", summary: "List a cluster's runs, or what one of them did", load: () => import("./commands/cluster/history.ts") },
    { name: "join", summary: "Let hosts join a cluster", load: () => import("./commands/cluster/join.ts") },
    {
      name: "plugin",
      summary: "List, change and run the plug-ins of a cluster",
      children: [
        { name: "ls", summary: "List plug-ins and how they fare", load: () => import("./commands/cluster/plugin/ls.ts") },
        { name: "enable", summary: "Switch a plug-in on", load: () => import("./commands/cluster/plugin/enable.ts") },
        { name: "disable", summary: "Switch a plug-in off", load: () => import("./commands/cluster/plugin/disable.ts") },
        { name: "configure", summary: "Change a plug-in's settings", load: () => import("./commands/cluster/plugin/configure.ts") },
        { name: "run", summary: "Run a plug-in by hand", load: () => import("./commands/cluster/plugin/run.ts") },
      ],
    },
    { name: "plan", summary: "Say what would be done to a cluster, and why", load: () => import("./commands/cluster/plan.ts") },
    { name: "resume", summary: "Go on with the run that is open", load: () => import("./commands/cluster/resume.ts") },
    { name: "rollback", summary: "Go back to the image before", load: () => import("./commands/cluster/rollback.ts") },
    { name: "run", summary: "Create a cluster from an image", load: () => import("./commands/cluster/run.ts") },
    { name: "scale", summary: "Give a cluster these hosts and no others", load: () => import("./commands/cluster/scale.ts") },
    { name: "status", summary: "Show clusters, their hosts and plug-ins", load: () => import("./commands/cluster/status.ts") },
    { name: "upgrade", summary: "Give a cluster another image", load: () => import("./commands/cluster/upgrade.ts") },
    { name: "build", summary: "Build a cluster image from a Kubefile", load: () => import("./commands/cluster/build.ts") },
    { name: "images", summary: "List the cluster images of the local store", load: () => import("./commands/cluster/images.ts") },
    { name: "lint", summary: "Say what is wrong with a cluster image or its plug-ins", load: () => import("./commands/cluster/lint.ts") },
  ],
};

/** Every command, in the order of `outrigger --help`. */
export const commandTable: readonly CommandEntry[] = [
  { name: "up", summary: "Build what app.yaml names, run it and wait until it is ready", load: () => import("./commands/up.ts") },
  { name: "down", summary: "Remove an application", load: () => import("./commands/down.ts") },
  { name: "plan", summary: "Say what applying app.yaml would change", load: () => import("./commands/plan.ts") },
  { name: "apply", summary: "Send app.yaml to the server without building or waiting", load: () => import("./commands/apply.ts") },
  { name: "render", summary: "Print the composed pods as Kubernetes objects", load: () => import("./commands/render.ts") },
  { name: "get", summary: "List what the server holds", load: () => import("./commands/get.ts") },
  { name: "describe", summary: "Show an application, component or installation in full", load: () => import("./commands/describe.ts") },
  { name: "logs", summary: "Print the logs of a component's containers", load: () => import("./commands/logs.ts") },
  { name: "top", summary: "Show a component's traffic as it passes", load: () => import("./commands/top.ts") },
  { name: "events", summary: "Print what happened", load: () => import("./commands/events.ts") },
  { name: "restart", summary: "Make a component's pod anew", load: () => import("./commands/restart.ts") },
  { name: "install", summary: "Install a plug-in on a component", load: () => import("./commands/install.ts") },
  { name: "configure", summary: "Change the settings of an installation", load: () => import("./commands/configure.ts") },
  { name: "enable", summary: "Switch an installation on", load: () => import("./commands/enable.ts") },
  { name: "disable", summary: "Switch an installation off; it keeps its settings", load: () => import("./commands/disable.ts") },
  { name: "upgrade", summary: "Set the version of an installation, newer or older", load: () => import("./commands/upgrade.ts") },
  { name: "rollback", summary: "Set an installation back to the version that ran before", load: () => import("./commands/rollback.ts") },
  { name: "uninstall", summary: "Remove a plug-in from a component", load: () => import("./commands/uninstall.ts") },
  plugin,
  { name: "pack", summary: "Pack a plug-in's folder into the local store", load: () => import("./commands/pack.ts") },
  { name: "packages", summary: "List the local store of packages", load: () => import("./commands/packages.ts") },
  { name: "push", summary: "Send a package to a registry", load: () => import("./commands/push.ts") },
  { name: "pull", summary: "Fetch a package from a registry", load: () => import("./commands/pull.ts") },
  { name: "copy", summary: "Copy a package between registries and image layouts", load: () => import("./commands/copy.ts") },
  { name: "inspect", summary: "Show what a package is", load: () => import("./commands/inspect.ts") },
  { name: "save", summary: "Write packages as one tar", load: () => import("./commands/save.ts") },
  { name: "load", summary: "Read packages from a tar", load: () => import("./commands/load.ts") },
  { name: "unpack", summary: "Write a plug-in's folder out of its package", load: () => import("./commands/unpack.ts") },
  { name: "sign", summary: "Sign a package", load: () => import("./commands/sign.ts") },
  { name: "verify", summary: "Prove that a package is signed by a key that is accepted", load: () => import("./commands/verify.ts") },
  driver,
  engine,
  cluster,
  team,
  token,
  credential,
  { name: "server", summary: "Run the control plane", load: () => import("./commands/server.ts") },
  { name: "completion", summary: "Print a completion script for bash, zsh or fish", load: () => import("./commands/completion.ts") },
];

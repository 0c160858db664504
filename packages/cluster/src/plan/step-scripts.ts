import { type Host, isMaster } from "../model/host.ts";
import { canonicalJson } from "./digest.ts";
import type { HostScript } from "./plan.ts";
import { type PlanInput, rootfsFolder } from "./plan-input.ts";

/** The scripts that an image may have in `scripts/`. */
export type ImageScript =
  | "init.sh"
  | "create.sh"
  | "join-token.sh"
  | "join.sh"
  | "ready.sh"
  | "leave.sh"
  | "clean.sh"
  | "upgrade.sh"
  | "rollback.sh";

/** Makes the scripts that an operation's steps run. */
export interface ScriptMaker {
  readonly master0: Host;
  readonly rootfs: string;
  readonly has: (script: ImageScript) => boolean;
  /** `bash scripts/NAME` in the rootfs. */
  readonly image: (script: ImageScript, host: Host, more?: { readonly leaving?: string; readonly mayBeGone?: boolean }) => HostScript;
  /** A command of the image, in the rootfs of master0. */
  readonly command: (command: string) => HostScript;
}

/** What every script of ours is told, plug-ins' included. Wins over variables of the same name that a file gives. */
export function hostVariables(cluster: string, host: Host, master0: Host, rootfs: string | undefined): Readonly<Record<string, string>> {
  return {
    OUTRIGGER_CLUSTER_NAME: cluster,
    OUTRIGGER_HOST: host.ip,
    OUTRIGGER_ROLE: isMaster(host) ? "master" : "node",
    OUTRIGGER_MASTER0: master0.ip,
    ...(rootfs === undefined ? {} : { OUTRIGGER_ROOTFS: rootfs }),
    HostIP: host.ip,
  };
}

/** @param master0 of the input's cluster */
export function scriptMaker(input: PlanInput, master0: Host): ScriptMaker {
  const { cluster, image, operation, imageBefore } = input;
  const rootfs = rootfsOf(input);
  const common = {
    OUTRIGGER_HOSTS: cluster.hosts.map(({ ip }) => ip).join(" "),
    OUTRIGGER_MASTERS: cluster.hosts
      .filter(isMaster)
      .map(({ ip }) => ip)
      .join(" "),
    OUTRIGGER_OPERATION: operation,
    OUTRIGGER_CLUSTER: canonicalJson(cluster.settings),
    ...(imageBefore === undefined ? {} : { OUTRIGGER_VERSION_FROM: imageBefore, OUTRIGGER_VERSION_TO: image.reference }),
  };
  const script = (text: string, host: Host, more: Readonly<Record<string, string>>, mayBeGone: boolean): HostScript => ({
    text,
    env: { ...image.env, ...host.env, ...common, ...hostVariables(cluster.name, host, master0, rootfs), ...more },
    workingDirectory: rootfs,
    strict: true,
    skipWithoutDirectory: mayBeGone,
  });
  return {
    master0,
    rootfs,
    has: (name) => image.scripts.includes(name),
    image: (name, host, { leaving, mayBeGone = false } = {}) =>
      script(`exec bash scripts/${name}\n`, host, leaving === undefined ? {} : { OUTRIGGER_LEAVING: leaving }, mayBeGone),
    command: (command) => script(`${command}\n`, master0, argumentVariables(cluster.commandArguments), false),
  };
}

/** Where the files of the input's image are on the hosts. */
export function rootfsOf({ cluster, image, operation }: PlanInput): string {
  return operation === "apps" ? rootfsFolder(cluster.name, applicationName(image.reference)) : rootfsFolder(cluster.name);
}

/** The last word of an image's name: `registry.example/shop/web:1` -> `web`. */
function applicationName(reference: string): string {
  const [name = ""] = (reference.split("/").at(-1) ?? "").split(/[:@]/);
  return name;
}

/** `KEY=value` words as variables; a later one of the same name wins. */
function argumentVariables(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf("=");
      return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

import { type Host, isMaster } from "../model/host.ts";
import type { StepName } from "../phases/timelines.ts";
import { canonicalJson, digestOfValue } from "./digest.ts";
import type { HostScript, StepEntry, Task } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import type { ImageScript, ScriptMaker } from "./step-scripts.ts";

/** What the steps of an operation work on. */
export interface StepPlace {
  readonly input: PlanInput;
  /** Hosts that the operation touches, in the cluster's order. */
  readonly touched: readonly Host[];
  readonly scripts: ScriptMaker;
}

/** Seconds that each task of a step has. */
const timeouts: Readonly<Record<StepName, number>> = {
  connect: 120,
  distribute: 3600,
  init: 1800,
  create: 3600,
  join: 1800,
  ready: 900,
  label: 300,
  launch: 1800,
  leave: 600,
  clean: 900,
  remove: 300,
  upgrade: 3600,
  rollback: 3600,
  commit: 120,
};

type Maker = (place: StepPlace) => readonly StepEntry[];

const makers: Readonly<Record<StepName, Maker>> = {
  connect: (place) => [
    entry(
      "connect",
      "SSH",
      onHosts("connect", "ssh", withMaster0(place), ({ ip, ssh: { user, port } }) => [ip, user, port]),
    ),
  ],
  distribute: (place) => [entry("distribute", "copy the rootfs", onHosts("distribute", "rootfs", place.touched, filesDecidedBy(place)))],
  init: (place) => script(place, "init", "init.sh", place.touched),
  create: (place) => script(place, "create", "create.sh", [place.scripts.master0]),
  join: joinEntries,
  ready: (place) => script(place, "ready", "ready.sh", [place.scripts.master0]),
  label: labelEntries,
  launch: launchEntries,
  leave: leaveEntries,
  clean: cleanEntries,
  remove: (place) => [
    entry(
      "remove",
      "remove the rootfs",
      onHosts("remove", "rootfs", place.touched, () => place.scripts.rootfs),
    ),
  ],
  upgrade: (place) => script(place, "upgrade", "upgrade.sh", mastersFirst(place.touched), 1),
  rollback: (place) => script(place, "rollback", "rollback.sh", mastersFirst(place.touched), 1),
  commit: ({ input }) => [
    entry("commit", "write the state down", [called("commit:state", { image: input.image.digest, cluster: input.cluster.name })]),
  ],
};

/** What a step does: one entry for each of its parts; none where the image has no script for it. */
export function stepEntries(step: StepName, place: StepPlace): readonly StepEntry[] {
  return makers[step](place);
}

function entry(step: StepName, name: string, tasks: readonly Task[], parallel?: number): StepEntry {
  return { step, name, timeout: timeouts[step], tasks, ...(parallel === undefined ? {} : { parallel }) };
}

function called(part: string, decidedBy: unknown): Task {
  return { id: `${part}/-`, host: "-", digest: digestOfValue([part, decidedBy]) };
}

function onHosts(step: StepName, part: string, hosts: readonly Host[], decidedBy: (host: Host) => unknown): readonly Task[] {
  return hosts.map((host) => ({
    id: `${step}:${part}/${host.ip}`,
    host: host.ip,
    digest: digestOfValue([step, part, host.ip, decidedBy(host)]),
  }));
}

function script(place: StepPlace, step: StepName, name: ImageScript, hosts: readonly Host[], parallel?: number): readonly StepEntry[] {
  if (!place.scripts.has(name) || hosts.length === 0) return [];
  const tasks = hosts.map((host) =>
    scriptTask(place, `${step}:${name}/${host.ip}`, host, place.scripts.image(name, host, { mayBeGone: step === "clean" })),
  );
  return [entry(step, `scripts/${name}`, tasks, parallel)];
}

function scriptTask({ input }: StepPlace, id: string, host: Host, made: HostScript): Task {
  return { id, host: host.ip, script: made, digest: digestOfValue([id, made, input.image.digest]) };
}

/** What decides the files of a host: the image, documents that change them, and the variables that templates are filled from. */
function filesDecidedBy({ input, scripts }: StepPlace): (host: Host) => unknown {
  const { configs, kubeadm } = input.cluster;
  const shared = digestOfValue([
    input.image.digest,
    input.image.env,
    scripts.rootfs,
    configs.map(({ origin: _, ...config }) => config),
    kubeadm.map(({ kind, text }) => [kind, text]),
  ]);
  return ({ env }) => [shared, canonicalJson(env)];
}

function withMaster0({ touched, scripts: { master0 } }: StepPlace): readonly Host[] {
  return touched.some(({ ip }) => ip === master0.ip) ? touched : [master0, ...touched];
}

function mastersFirst(hosts: readonly Host[]): readonly Host[] {
  return [...hosts.filter(isMaster), ...hosts.filter((host) => !isMaster(host))];
}

/** Masters one after the other, since each changes the cluster's own store; then the others side by side. */
function joinEntries(place: StepPlace): readonly StepEntry[] {
  const { input, touched, scripts } = place;
  const joining = touched.filter(({ ip }) => ip !== scripts.master0.ip);
  if (!scripts.has("join.sh") || joining.length === 0) return [];
  return [
    ...(input.operation === "join" ? script(place, "join", "join-token.sh", [scripts.master0]) : []),
    ...script(place, "join", "join.sh", joining.filter(isMaster), 1),
    ...script(
      place,
      "join",
      "join.sh",
      joining.filter((host) => !isMaster(host)),
    ),
  ];
}

/** What the Kubernetes API is told of hosts: labels, taints, and roles other than the two that every cluster has; and what no longer holds. */
function labelEntries({ input, touched }: StepPlace): readonly StepEntry[] {
  const facts = touched.map(factsOf).filter(hasFacts);
  const ips = new Set(touched.map(({ ip }) => ip));
  const former = (input.hostsBefore ?? [])
    .filter(({ ip }) => ips.has(ip))
    .map(factsOf)
    .filter(hasFacts);
  if (facts.length + former.length === 0) return [];
  return [entry("label", "labels, taints and roles", [called("label:hosts", former.length === 0 ? facts : { facts, former })])];
}

type Facts = Pick<Host, "ip" | "roles" | "labels" | "taints">;

function factsOf({ ip, roles, labels, taints }: Host): Facts {
  return { ip, roles: roles.filter((role) => role !== "master" && role !== "node"), labels, taints };
}

function hasFacts({ roles, labels, taints }: Facts): boolean {
  return roles.length > 0 || Object.keys(labels).length > 0 || taints.length > 0;
}

function launchEntries(place: StepPlace): readonly StepEntry[] {
  const { input, scripts } = place;
  const { master0 } = scripts;
  return (input.cluster.commands ?? input.image.commands).map((command, index) => {
    const id = `launch:command-${index + 1}/${master0.ip}`;
    return entry("launch", command, [scriptTask(place, id, master0, scripts.command(command))]);
  });
}

/** In the opposite order of joining: others first, then masters from the last. */
function leaving(hosts: readonly Host[]): readonly Host[] {
  return mastersFirst(hosts).toReversed();
}

function leaveEntries(place: StepPlace): readonly StepEntry[] {
  const { touched, scripts } = place;
  if (!scripts.has("leave.sh")) return [];
  const tasks = leaving(touched).map(({ ip }) =>
    scriptTask(place, `leave:leave.sh/${ip}`, scripts.master0, scripts.image("leave.sh", scripts.master0, { leaving: ip })),
  );
  return [entry("leave", "scripts/leave.sh", tasks, 1)];
}

function cleanEntries(place: StepPlace): readonly StepEntry[] {
  const hosts = leaving(place.touched);
  return [
    ...script(
      place,
      "clean",
      "clean.sh",
      hosts.filter((host) => !isMaster(host)),
    ),
    ...script(place, "clean", "clean.sh", hosts.filter(isMaster), 1),
  ];
}

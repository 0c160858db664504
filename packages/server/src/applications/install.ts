import { countProblems, type PlainProblem, parseReference, withoutPosition } from "@outrigger/plugin";
import type { Pod, PodKey } from "@outrigger/pod";
import type { InstallationPatch, InstallRequest, PlanResource } from "../api/resources.ts";
import { serverErrors } from "../errors.ts";
import type { Services } from "../services.ts";
import { findApplication } from "../store/applications.ts";
import { touchComponent } from "../store/components.ts";
import { type Database, inTransaction } from "../store/database.ts";
import { newEtag } from "../store/etag.ts";
import { deleteInstallation, findInstallation, nextPosition, putInstallations } from "../store/installations.ts";
import { findTeam } from "../store/teams.ts";
import type { Precondition } from "./apply.ts";
import { checkDesired } from "./check.ts";
import { type DesiredComponent, type DesiredInstallation, loadApplication } from "./desired.ts";
import { planPods } from "./plan.ts";
import { createResolver, type NamedInstallation } from "./resolve.ts";
import { recordRevision, valuesOfRevision } from "./revisions.ts";
import { installationRow } from "./rows.ts";
import { mergeValues, redactValues } from "./values.ts";

/** One change of one plug-in on one component. */
export interface Change {
  readonly key: PodKey;
  readonly plugin: string;
  /** What happened, for the events: e.g. `installed`. */
  readonly done: string;
  readonly precondition: Precondition;
  /** Id of the token that asks for it. */
  readonly author: string;
  readonly rolledBackTo?: number;
  /** The installation as it shall be; undefined: gone. */
  readonly after: (tx: Database, before: DesiredInstallation | undefined) => Promise<NamedInstallation | undefined>;
}

/** Who asks, and on what condition. */
export type Asking = Pick<Change, "author" | "precondition">;

interface Prepared {
  /** The installation that the change is about, as it was; undefined: new. */
  readonly before: DesiredInstallation | undefined;
  /** As it shall be; undefined: gone. */
  readonly own: DesiredInstallation | undefined;
  /** Of every component of the application. */
  readonly pods: readonly Pod[];
}

/** Installs a plug-in by hand. @throws already-installed, installation-invalid */
export function install(key: PodKey, request: InstallRequest, asking: Asking): Change {
  const reference = request.version === undefined ? request.plugin : `${parseReference(request.plugin).name}@${request.version}`;
  const plugin = parseReference(reference).name;
  return {
    key,
    plugin,
    done: "installed",
    ...asking,
    after: async (_, before) => {
      if (before !== undefined) throw serverErrors["already-installed"]({ plugin, version: before.version, component: nameOf(key) });
      const { values = {}, enabled = true, resources, mounts } = request;
      return { reference, values, enabled, ...(resources && { resources }), ...(mounts && { mounts }), origin: "api" };
    },
  };
}

/** Changes what the patch names; all else stays, also while the plug-in is disabled. @throws installation-unknown, installation-invalid, revision-unknown */
export function configure(key: PodKey, plugin: string, patch: InstallationPatch, asking: Asking): Change {
  return {
    key,
    plugin,
    done:
      patch.enabled !== undefined ? (patch.enabled ? "enabled" : "disabled") : patch.rollback === undefined ? "configured" : "rolled back",
    ...asking,
    ...(patch.rollback === undefined ? {} : { rolledBackTo: patch.rollback }),
    after: async (tx, before) => {
      if (before === undefined) throw serverErrors["installation-unknown"]({ plugin, component: nameOf(key) });
      const resources = patch.resources === undefined ? before.resources : (patch.resources ?? undefined);
      const mounts = patch.mounts === undefined ? before.mounts : (patch.mounts ?? undefined);
      return {
        reference: `${plugin}@${patch.version ?? before.version}`,
        values: mergeValues(redactValues(before.values), patch.values ?? {}),
        ...(patch.rollback === undefined ? {} : { restored: await valuesOfRevision(tx, key, plugin, patch.rollback) }),
        enabled: patch.enabled ?? before.enabled,
        ...(resources && { resources }),
        ...(mounts && { mounts }),
        origin: before.origin,
      };
    },
  };
}

/** Takes a plug-in off a component. @throws installation-unknown */
export function uninstall(key: PodKey, plugin: string, asking: Asking): Change {
  return {
    key,
    plugin,
    done: "uninstalled",
    ...asking,
    after: async (_, before) => {
      if (before === undefined) throw serverErrors["installation-unknown"]({ plugin, component: nameOf(key) });
      return undefined;
    },
  };
}

/** Does the change, wholly or not at all. */
export async function applyChange(services: Services, change: Change): Promise<void> {
  const { key, plugin } = change;
  await inTransaction(services.db, async (tx) => {
    const { own, before } = await prepare(tx, services, change);
    if (own === undefined) await deleteInstallation(tx, key, plugin);
    else {
      const stored = await findInstallation(tx, key, plugin);
      await putInstallations(tx, [installationRow(key, own, stored?.position ?? (await nextPosition(tx, key)))]);
      await recordRevision(tx, key, own, before, { ...change, now: services.clock().toISOString() });
    }
    await touchComponent(tx, key, newEtag());
    const message = `${plugin}${own === undefined ? "" : `@${own.version}`} is ${change.done} on ${nameOf(key)}.`;
    await services.events.record(tx, { team: key.team, subject: `component:${nameOf(key)}`, kind: "normal", reason: change.done, message });
  });
  services.reconciler.notice(key.team, key.application);
}

/** What {@link applyChange} would do. */
export async function planChange(services: Services, change: Change): Promise<PlanResource> {
  const { pods } = await inTransaction(services.db, (tx) => prepare(tx, services, change));
  const own = pods.filter((pod) => pod.component === change.key.component);
  return planPods(services, own, new Set([change.key.component]));
}

async function prepare(tx: Database, services: Services, change: Change): Promise<Prepared> {
  const { key, plugin } = change;
  const application = await findApplication(tx, key.team, key.application);
  if (application === undefined) throw serverErrors["application-unknown"]({ application: key.application });
  if (application.deleting === 1) throw serverErrors["application-deleting"]({ application: key.application });
  const stored = await loadApplication(tx, key.team, key.application);
  const component = stored.desired.find((each) => each.component.name === key.component);
  if (component === undefined) throw serverErrors["component-unknown"](key);
  change.precondition(await findInstallation(tx, key, plugin));
  const before = component.installations.find((each) => each.plugin === plugin);
  const own = await resolve(tx, services, change, component, before);
  const others = component.installations;
  const installations =
    own === undefined
      ? others.filter((each) => each !== before)
      : before === undefined
        ? [...others, own]
        : others.map((each) => (each === before ? own : each));
  const team = await findTeam(tx, key.team);
  const all = stored.desired.map((each) => (each === component ? { ...component, installations } : each));
  const checked = await checkDesired(services, tx, { name: key.team, allow: JSON.parse(team?.allow ?? "[]") }, key.application, all);
  const found = checked.problems.filter((each) => each.component === key.component).map((each) => each.problem);
  if (found.length > 0) throw invalid(change, found, installations, own);
  return { before, own, pods: checked.pods };
}

async function resolve(
  tx: Database,
  services: Services,
  change: Change,
  component: DesiredComponent,
  before: DesiredInstallation | undefined,
): Promise<DesiredInstallation | undefined> {
  const { team, application } = change.key;
  const named = await change.after(tx, before);
  if (named === undefined) return undefined;
  const resolved = await createResolver(tx, services.vault, team, application).resolve(component.component, named, before);
  if (resolved.ok) return resolved.value;
  throw invalid(change, resolved.problems);
}

/** The request is about one plug-in: its own problems start at it, others name whose they are. */
function invalid(
  { key, plugin }: Change,
  found: readonly PlainProblem[],
  installations: readonly DesiredInstallation[] = [],
  own?: DesiredInstallation,
): Error {
  const problems = found.map((problem) => {
    const [first, index, ...rest] = problem.path;
    const whose = first === "plugins" && typeof index === "number" ? installations[index] : undefined;
    if (whose === undefined) return withoutPosition(problem);
    return withoutPosition({ ...problem, path: whose === own ? rest : ["installations", whose.plugin, ...rest] });
  });
  return serverErrors["installation-invalid"]({ plugin, component: nameOf(key), count: countProblems(problems.length) }, { problems });
}

function nameOf(key: PodKey): string {
  return `${key.application}/${key.component}`;
}

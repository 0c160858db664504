import { type Component, countProblems, type PlainProblem, type Problem, withoutPosition } from "@outrigger/plugin";
import type { PlanResource } from "../api/resources.ts";
import { serverErrors } from "../errors.ts";
import type { Services } from "../services.ts";
import { findApplication, markDeleting, putApplicationRow } from "../store/applications.ts";
import { componentImages } from "../store/builds.ts";
import { deleteComponentImages, putComponents, replacePublishedPorts, wishAway } from "../store/components.ts";
import { type Database, inTransaction } from "../store/database.ts";
import { newEtag } from "../store/etag.ts";
import { replaceInstallations } from "../store/installations.ts";
import type { ApplicationRow } from "../store/tables.ts";
import { findTeam } from "../store/teams.ts";
import { type Checked, type ComponentProblem, checkDesired, publishedPorts } from "./check.ts";
import { type DesiredComponent, type DesiredInstallation, loadApplication } from "./desired.ts";
import { planPods } from "./plan.ts";
import { createResolver, type Resolver } from "./resolve.ts";
import { recordRevision } from "./revisions.ts";
import { componentRow, installationRow } from "./rows.ts";

/** Refuses the write by the resource as it is; given undefined where there is none. */
export type Precondition = (current: { readonly etag: string } | undefined) => void;

export interface ApplicationWrite {
  readonly team: string;
  readonly application: string;
  readonly components: readonly Component[];
  /** Id of the token that asks for it. */
  readonly author: string;
  readonly precondition: Precondition;
}

interface Prepared extends Checked {
  readonly stored: readonly DesiredComponent[];
  readonly desired: readonly DesiredComponent[];
  readonly existing: ReadonlySet<string>;
  readonly gone: readonly string[];
}

/** Writes what shall run, all of it or nothing. @throws application-invalid with every problem, application-deleting */
export async function applyApplication(services: Services, write: ApplicationWrite): Promise<{ readonly created: boolean }> {
  const { team, application } = write;
  const created = await inTransaction(services.db, async (tx) => {
    const before = await currentApplication(tx, write);
    await save(tx, services, write, before, await prepare(tx, services, write));
    return before === undefined;
  });
  services.reconciler.notice(team, application);
  return { created };
}

/** What {@link applyApplication} would do. */
export async function planApplication(services: Services, write: ApplicationWrite): Promise<PlanResource> {
  const { pods, existing, gone } = await inTransaction(services.db, async (tx) => {
    await currentApplication(tx, write);
    return prepare(tx, services, write);
  });
  return planPods(services, pods, existing, gone);
}

/** Wishes an application away. It is gone when its pods are. @throws application-unknown */
export async function deleteApplication(
  services: Services,
  write: Omit<ApplicationWrite, "components" | "author">,
  volumes: boolean,
): Promise<void> {
  const { team, application, precondition } = write;
  await inTransaction(services.db, async (tx) => {
    const row = await findApplication(tx, team, application);
    if (row === undefined) throw serverErrors["application-unknown"]({ application });
    precondition(row);
    await markDeleting(tx, team, application, newEtag());
    await wishAway(tx, team, application, volumes ? "remove-with-volumes" : "remove");
    await replaceInstallations(tx, team, application, []);
    await replacePublishedPorts(tx, team, application, []);
    await deleteComponentImages(tx, team, application);
    const message = `${application} is to be removed${volumes ? " with its volumes" : ""}.`;
    await services.events.record(tx, { team, subject: `application:${application}`, kind: "normal", reason: "deleting", message });
  });
  services.reconciler.notice(team, application);
}

async function currentApplication(
  tx: Database,
  { team, application, precondition }: ApplicationWrite,
): Promise<ApplicationRow | undefined> {
  const row = await findApplication(tx, team, application);
  if (row?.deleting === 1) throw serverErrors["application-deleting"]({ application });
  precondition(row);
  return row;
}

async function prepare(tx: Database, services: Services, { team, application, components }: ApplicationWrite): Promise<Prepared> {
  const stored = await loadApplication(tx, team, application);
  const before = new Map(stored.desired.map((each) => [each.component.name, each]));
  const images = await componentImages(tx, team, application);
  const resolver = createResolver(tx, services.vault, team, application);
  const problems: ComponentProblem[] = [];
  const desired: DesiredComponent[] = [];
  for (const component of components) {
    const resolved = await resolveUses(resolver, component, before.get(component.name));
    problems.push(...resolved.problems.map((problem) => ({ component: component.name, problem })));
    const image = images.get(component.name)?.image;
    desired.push({ component, ...(image === undefined ? {} : { image }), installations: resolved.installations });
  }
  const row = await findTeam(tx, team);
  const allow: readonly string[] = JSON.parse(row?.allow ?? "[]");
  // A plug-in that was not found would make compose complain of what follows from it.
  const checked =
    problems.length > 0 ? { pods: [], problems } : await checkDesired(services, tx, { name: team, allow }, application, desired);
  if (checked.problems.length > 0) throw applicationInvalid(application, components, checked.problems);
  const names = new Set(components.map(({ name }) => name));
  return {
    ...checked,
    stored: stored.desired,
    desired,
    existing: new Set(before.keys()),
    gone: [...before.keys()].filter((name) => !names.has(name)),
  };
}

/** The file's plug-ins in its order, then those that were installed by hand. */
async function resolveUses(
  resolver: Resolver,
  component: Component,
  before: DesiredComponent | undefined,
): Promise<{ readonly installations: readonly DesiredInstallation[]; readonly problems: readonly PlainProblem[] }> {
  const installations: DesiredInstallation[] = [];
  const problems: PlainProblem[] = [];
  for (const [index, use] of component.plugins.entries()) {
    const stored = before?.installations.find(({ plugin }) => plugin === use.plugin.split("@")[0]);
    const { plugin: reference, ...rest } = use;
    const resolved = await resolver.resolve(component, { ...rest, reference, origin: "file" }, stored);
    if (resolved.ok) installations.push(resolved.value);
    else problems.push(...resolved.problems.map((problem) => ({ ...problem, path: ["plugins", index, ...problem.path] })));
  }
  const named = new Set(installations.map(({ plugin }) => plugin));
  const byHand = (before?.installations ?? []).filter(({ origin, plugin }) => origin === "api" && !named.has(plugin));
  return { installations: [...installations, ...byHand], problems };
}

async function save(
  tx: Database,
  services: Services,
  { team, application, author }: ApplicationWrite,
  before: ApplicationRow | undefined,
  { stored, desired, gone }: Prepared,
): Promise<void> {
  const now = services.clock().toISOString();
  const names = JSON.stringify(desired.map(({ component }) => component.name));
  const created_at = before?.created_at ?? now;
  await putApplicationRow(tx, { team, name: application, deleting: 0, component_names: names, created_at, etag: newEtag() });
  await putComponents(
    tx,
    desired.map((each, position) => componentRow(team, application, each, position)),
  );
  const installations = desired.flatMap((each) =>
    each.installations.map((own, position) => installationRow({ team, application, component: each.component.name }, own, position)),
  );
  await replaceInstallations(tx, team, application, installations);
  const known = new Map(stored.map((each) => [each.component.name, each]));
  for (const { component, installations: own } of desired) {
    const earlier = known.get(component.name)?.installations ?? [];
    for (const each of own) {
      const former = earlier.find(({ plugin }) => plugin === each.plugin);
      await recordRevision(tx, { team, application, component: component.name }, each, former, { author, now });
    }
  }
  await replacePublishedPorts(tx, team, application, publishedPorts(team, application, desired));
  if (gone.length > 0) {
    await wishAway(tx, team, application, "remove", gone);
    await deleteComponentImages(tx, team, application, gone);
  }
  const message = `${application} is to run ${desired.map(({ component }) => component.name).join(", ")}.`.slice(0, 1000);
  await services.events.record(tx, { team, subject: `application:${application}`, kind: "normal", reason: "applied", message });
}

function applicationInvalid(application: string, components: readonly Component[], found: readonly ComponentProblem[]): Error {
  const problems = found.map(({ component, problem }): Problem => {
    const index = components.findIndex(({ name }) => name === component);
    const used = components[index]?.plugins.length ?? 0;
    const [first, second, ...rest] = problem.path;
    // Plug-ins installed by hand come after the file's; the file has no line for them.
    const byHand = first === "plugins" && typeof second === "number" && second >= used;
    const path = byHand ? ["installations", second - used, ...rest] : problem.path;
    return withoutPosition({ ...problem, path: ["components", index, ...path] });
  });
  return serverErrors["application-invalid"]({ application, count: countProblems(problems.length) }, { problems });
}

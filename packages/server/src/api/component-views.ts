import type { PodKey } from "@outrigger/pod";
import { viewComponents } from "../applications/view.ts";
import { serverErrors } from "../errors.ts";
import type { Services } from "../services.ts";
import { findApplication } from "../store/applications.ts";
import { componentsOf, findComponent } from "../store/components.ts";
import type { ApplicationRow, ComponentRow } from "../store/tables.ts";
import type { ComponentResource } from "./resources.ts";

/** @throws application-unknown */
export async function applicationOf({ db }: Services, team: string, application: string): Promise<ApplicationRow> {
  const row = await findApplication(db, team, application);
  if (row === undefined) throw serverErrors["application-unknown"]({ application });
  return row;
}

/** @throws application-unknown, component-unknown */
export async function componentOf(services: Services, key: PodKey): Promise<ComponentRow> {
  const row = await findComponent(services.db, key);
  if (row !== undefined) return row;
  await applicationOf(services, key.team, key.application);
  throw serverErrors["component-unknown"](key);
}

/** One component as the API shows it. @throws application-unknown, component-unknown */
export async function componentResource(services: Services, key: PodKey): Promise<ComponentResource> {
  const row = await componentOf(services, key);
  const [view] = await viewComponents(services.db, services, key.team, key.application, [row]);
  if (view === undefined) throw serverErrors["component-unknown"](key);
  return view;
}

/** Every component of an application, in the order of its file. */
export async function allComponents(services: Services, team: string, application: string): Promise<readonly ComponentResource[]> {
  return await viewComponents(services.db, services, team, application, await componentsOf(services.db, team, application));
}

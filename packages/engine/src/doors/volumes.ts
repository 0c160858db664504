import type { ContainerCreateRequest, HostConfig, Mount, VolumeCreateOptions } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { Visit } from "./door.ts";

/** A volume that a container's creation would make, asked for by a bind (`name:/path:modes`), a path of its own, or one of the image's. */
interface Use {
  /** As it stands in the body: a bind's text, or the path. */
  readonly text: string;
  readonly source?: string;
  readonly target: string;
  readonly modes: readonly string[];
}

interface Changes {
  readonly warnings: string[];
  readonly mounts: Mount[];
  /** Binds and paths that became mounts. */
  readonly gone: Set<string>;
}

/** Calls `volume.preCreate` for each volume that does not exist yet and would come to be with the container; also for those of the image. */
export async function createVolumes(
  visit: Visit,
  body: ContainerCreateRequest,
): Promise<{ readonly body: ContainerCreateRequest; readonly warnings: readonly string[] }> {
  if (!visit.dispatcher.wants("volume.preCreate")) return { body, warnings: [] };
  const host = body.HostConfig ?? {};
  const changes: Changes = { warnings: [], mounts: [], gone: new Set() };
  const given = host.Mounts ?? [];
  const mounts = await changeMounts(visit, given, changes.warnings);
  for (const use of await usesOf(visit, body)) await changeUse(visit, use, host.VolumeDriver || undefined, changes);
  if (mounts === given && changes.mounts.length === 0) return { body, warnings: changes.warnings };
  const { Binds, Mounts: _, ...others } = host;
  const kept = Object.entries(body.Volumes ?? {}).filter(([path]) => !changes.gone.has(path));
  return {
    body: {
      ...body,
      ...(body.Volumes == null ? {} : { Volumes: Object.fromEntries(kept) }),
      HostConfig: {
        ...others,
        ...(Binds == null ? {} : { Binds: Binds.filter((bind) => !changes.gone.has(bind)) }),
        Mounts: [...mounts, ...changes.mounts],
      },
    },
    warnings: changes.warnings,
  };
}

/** Calls `volume.preCreate` for the mounts of type volume; the very list where nothing changed. */
export async function changeMounts(visit: Visit, mounts: readonly Mount[], warnings: string[]): Promise<readonly Mount[]> {
  const result: Mount[] = [];
  for (const mount of mounts) {
    const isVolume = mount.Type === "volume" && !(await exists(visit, mount.Source));
    result.push(isVolume ? await changeMount(visit, mount, warnings) : mount);
  }
  return result.every((mount, index) => mount === mounts[index]) ? mounts : result;
}

async function changeMount(visit: Visit, mount: Mount, warnings: string[]): Promise<Mount> {
  const { DriverConfig, Labels } = mount.VolumeOptions ?? {};
  const given = options(mount.Source, DriverConfig?.Name, DriverConfig?.Options, Labels);
  const after = await ask(visit, given, warnings);
  return after === given ? mount : mountOf(after, mount);
}

async function changeUse(visit: Visit, { text, source, target, modes }: Use, driver: string | undefined, changes: Changes): Promise<void> {
  const given = options(source, driver, undefined, undefined);
  const after = await ask(visit, given, changes.warnings);
  if (after === given) return;
  const strange = modes.find((mode) => !["rw", "ro", "nocopy"].includes(mode));
  if (strange !== undefined) throw engineErrors["volume-not-changeable"]({ volume: text, mode: strange });
  changes.gone.add(text);
  const mount: Mount = {
    Type: "volume",
    Target: target,
    ...(modes.includes("ro") ? { ReadOnly: true } : {}),
    ...(modes.includes("nocopy") ? { VolumeOptions: { NoCopy: true } } : {}),
  };
  changes.mounts.push(mountOf(after, mount));
}

function mountOf({ Name, Driver, DriverOpts, Labels }: VolumeCreateOptions, mount: Mount): Mount {
  return {
    ...mount,
    ...(Name ? { Source: Name } : {}),
    VolumeOptions: {
      ...mount.VolumeOptions,
      ...(Driver || DriverOpts ? { DriverConfig: { Name: Driver || "local", Options: DriverOpts ?? {} } } : {}),
      ...(Labels ? { Labels } : {}),
    },
  };
}

function options(
  name: string | null | undefined,
  driver: string | null | undefined,
  driverOptions: Readonly<Record<string, string>> | null | undefined,
  labels: Readonly<Record<string, string>> | null | undefined,
): VolumeCreateOptions {
  return {
    ...(name ? { Name: name } : {}),
    ...(driver ? { Driver: driver } : {}),
    ...(driverOptions ? { DriverOpts: driverOptions } : {}),
    ...(labels ? { Labels: labels } : {}),
  };
}

async function ask({ dispatcher, call }: Visit, given: VolumeCreateOptions, warnings: string[]): Promise<VolumeCreateOptions> {
  const changed = await dispatcher.change("volume.preCreate", given, { ...call, implicit: true });
  warnings.push(...changed.warnings);
  return changed.input;
}

/** Everything but the mounts of type volume, which can carry what plug-ins say as they are. */
async function usesOf(visit: Visit, body: ContainerCreateRequest): Promise<readonly Use[]> {
  const binds = (body.HostConfig?.Binds ?? []).map(parseBind);
  const taken = new Set([...binds.map((use) => use.target), ...targetsOf(body.HostConfig ?? {})]);
  const uses: Use[] = [];
  for (const use of binds) {
    const ofHost = use.source?.startsWith("/") === true;
    if (!ofHost && !(await exists(visit, use.source))) uses.push(use);
  }
  const paths = new Set([...Object.keys(body.Volumes ?? {}), ...(await imageVolumes(visit, body.Image))]);
  const anonymous = [...paths].filter((path) => !taken.has(trimmed(path))).map((path): Use => ({ text: path, target: path, modes: [] }));
  return [...uses, ...anonymous];
}

function targetsOf({ Mounts, Tmpfs }: HostConfig): readonly string[] {
  return [...(Mounts ?? []).map((mount) => trimmed(mount.Target ?? "")), ...Object.keys(Tmpfs ?? {}).map(trimmed)];
}

/** `name:/path[:modes]`, `/host:/path[:modes]`, `/path[:modes]` (moby, volume/mounts/linux_parser.go). */
function parseBind(text: string): Use {
  const [first = "", target, modes] = text.split(":");
  if (target?.startsWith("/") !== true) return { text, target: trimmed(first), modes: target === undefined ? [] : target.split(",") };
  return { text, source: first, target: trimmed(target), modes: modes === undefined ? [] : modes.split(",") };
}

function trimmed(path: string): string {
  return path.replace(/(.)\/+$/, "$1");
}

async function exists({ engine, call }: Visit, name: string | null | undefined): Promise<boolean> {
  if (!name) return false;
  return (await engine.find({ path: `/volumes/${encodeURIComponent(name)}`, signal: call.signal })) !== undefined;
}

interface InspectedImage {
  readonly Config?: { readonly Volumes?: Readonly<Record<string, unknown>> | null };
}

async function imageVolumes({ engine, call }: Visit, image: string | null | undefined): Promise<readonly string[]> {
  if (!image) return [];
  const path = `/images/${image.split("/").map(encodeURIComponent).join("/")}/json`;
  const found = await engine.find<InspectedImage>({ path, signal: call.signal });
  return Object.keys(found?.Config?.Volumes ?? {});
}

import { chmod, copyFile, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { engineErrors } from "../errors.ts";
import { runtimePath, textDiff, withoutRuntime, withRuntime } from "./daemon-json.ts";
import { type WrapperSettings, wrapperText } from "./runtime-wrapper.ts";

export interface RuntimeInstallation {
  readonly name: string;
  readonly daemonJson: string;
  /** Where the wrapper is put, as `NAME-runc`. */
  readonly folder: string;
  readonly asDefault: boolean;
}

/** What would be done, or was. */
export interface RuntimeChange {
  readonly wrapper: string;
  readonly before: string;
  readonly after: string;
  /** Of daemon.json; empty where it stays. */
  readonly diff: string;
}

export const usualWrapperFolder = "/usr/local/lib/outrigger";

/** The path of a runtime: itself where absolute, else what daemon.json calls so, else a program in PATH. @throws runtime-missing */
export async function findRuntime(daemonJson: string, runtime: string): Promise<string> {
  const known = isAbsolute(runtime) ? runtime : runtimePath(daemonJson, await readText(daemonJson), runtime);
  const places = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];
  const candidates = known === undefined ? places.filter(isAbsolute).map((place) => join(place, runtime)) : [known];
  for (const path of candidates) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && (found.mode & 0o111) !== 0) return path;
  }
  throw engineErrors["runtime-missing"]({ runtime });
}

/** Looks at what installing would change. @throws daemon-json-invalid, runtime-name-taken */
export async function planInstall({ name, daemonJson, folder, asDefault }: RuntimeInstallation): Promise<RuntimeChange> {
  const before = await readText(daemonJson);
  const wrapper = join(folder, `${name}-runc`);
  const taken = runtimePath(daemonJson, before, name);
  if (name === "runc" || (taken !== undefined && taken !== wrapper)) throw engineErrors["runtime-name-taken"]({ name, file: daemonJson });
  const after = withRuntime(daemonJson, before, { name, path: wrapper, asDefault });
  return { wrapper, before, after, diff: textDiff(before, after) };
}

/** Looks at what removing would change. @throws daemon-json-invalid */
export async function planRemove({ name, daemonJson, folder }: RuntimeInstallation): Promise<RuntimeChange> {
  const before = await readText(daemonJson);
  const wrapper = join(folder, `${name}-runc`);
  const after = withoutRuntime(daemonJson, before, { name, path: wrapper });
  return { wrapper, before, after, diff: textDiff(before, after) };
}

/** Writes the wrapper, 0755, then daemon.json, whose former text stays as `FILE.backup`. @throws folder-unsafe, runtime-missing; nothing has changed then */
export async function writeInstall(file: string, { wrapper, diff, after }: RuntimeChange, settings: WrapperSettings): Promise<void> {
  if ((await stat(settings.runtime).catch(() => undefined)) === undefined || settings.runtime === wrapper)
    throw engineErrors["runtime-missing"]({ runtime: settings.runtime });
  await checkFolders(dirname(wrapper));
  await mkdir(dirname(wrapper), { recursive: true, mode: 0o755 });
  await replace(wrapper, await wrapperText(settings), 0o755);
  if (diff !== "") await replaceKeeping(file, after);
}

/** Writes daemon.json first, so that it never names a program that is not there. */
export async function writeRemove(file: string, { wrapper, diff, after }: RuntimeChange): Promise<void> {
  if (diff !== "") await replaceKeeping(file, after);
  await rm(wrapper, { force: true });
}

/** Has the dockerd whose pid file this is read its daemon.json again. @throws reload-failed where the process is none */
export async function reloadEngine(pidFile: string): Promise<number> {
  const pid = Number((await readText(pidFile)).trim());
  const name = pid > 0 ? (await readText(`/proc/${pid}/comm`)).trim() : "";
  if (name !== "dockerd") throw engineErrors["reload-failed"]({ file: pidFile });
  process.kill(pid, "SIGHUP");
  return pid;
}

/** Whoever can write one of these folders can put another program in the wrapper's place, which then runs as root. */
async function checkFolders(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  const othersWrite = found !== undefined && (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
  if (othersWrite || (found !== undefined && found.uid !== 0 && found.uid !== process.getuid?.()))
    throw engineErrors["folder-unsafe"]({ folder });
  if (folder !== dirname(folder)) await checkFolders(dirname(folder));
}

async function replaceKeeping(file: string, text: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined) await copyFile(file, `${file}.backup`);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await replace(file, text, found === undefined ? 0o644 : found.mode & 0o777);
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  const part = `${path}.${crypto.randomUUID()}.part`;
  const file = await open(part, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await chmod(part, mode);
    await rename(part, path);
  } finally {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
  }
}

/** Empty where there is no such file. */
async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

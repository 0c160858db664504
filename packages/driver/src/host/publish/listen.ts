import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname, join } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import { driverErrors } from "../../errors.ts";

/** Takes a socket away again. */
export type Unlisten = () => void;

/**
 * Listens on a Unix socket for this user alone. It is made in a folder that nobody else may enter and moved to its place in one step, which also takes the
 * place of a socket that a killed host left behind: there is never a moment without one, or with one that others may use. @throws socket-taken
 */
export async function listenUnix(server: Server, path: string): Promise<Unlisten> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  await refuseTaken(path);
  const folder = mkdtempSync(join(dirname(path), ".o"));
  try {
    const draft = join(folder, "s");
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(draft, resolve));
    chmodSync(draft, 0o600);
    const { ino } = statSync(draft);
    renameSync(draft, path);
    return () => {
      server.close();
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) unlinkSync(path);
    };
  } catch (error) {
    throw driverErrors["socket-taken"]({ path, reason: wordsOf(error) }, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws socket-taken where somebody listens, or where there is something else than a socket */
export async function refuseTaken(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw driverErrors["socket-taken"]({ path, reason: "there is something that is no socket" });
  const isLive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
  if (isLive) throw driverErrors["socket-taken"]({ path, reason: "somebody listens there" });
}

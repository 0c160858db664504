import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { closedFolder, isRoot } from "@outrigger/sdk/process";
import { engineErrors } from "../errors.ts";

/** What the gateway keeps between its runs, and where. */
export interface StateFolder {
  readonly root: string;
  /** Copies of plug-ins by their content. */
  readonly versions: string;
  readonly logs: string;
  /** Sockets of this gateway's plug-ins; gone with it. */
  readonly run: string;
  readonly control: string;
}

/** `/var/lib/outrigger/engine` for root, else in the user's state folder (XDG Base Directory Specification). */
export function usualStateFolder(): string {
  if (isRoot()) return "/var/lib/outrigger/engine";
  return join(process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "outrigger", "engine");
}

export function stateFolder(root: string): StateFolder {
  return {
    root,
    versions: join(root, "versions"),
    logs: join(root, "logs"),
    run: join(root, "run", String(process.pid)),
    control: join(root, "control.sock"),
  };
}

/**
 * Makes the folders. Users of plug-ins can go through them, to what is theirs, but not look around.
 * @throws state-closed where they could not even get there
 */
export function prepareState(state: StateFolder): void {
  for (const path of [state.root, state.versions, join(state.root, "run"), state.run]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
  }
  mkdirSync(state.logs, { recursive: true, mode: 0o700 });
  const closed = isRoot() ? closedFolder(state.root) : undefined;
  if (closed !== undefined) throw engineErrors["state-closed"]({ state: state.root, folder: closed });
  // What gateways left behind that were killed.
  for (const pid of readdirSync(join(state.root, "run"))) {
    if (!existsSync(`/proc/${pid}`)) rmSync(join(state.root, "run", pid), { recursive: true, force: true });
  }
}

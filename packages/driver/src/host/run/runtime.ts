import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { driverErrors } from "../../errors.ts";

const exec = promisify(execFile);

/** runc or crun: both take the same commands. */
export interface OciRuntime {
  readonly program: string;
  /** The command that runs a bundle in the foreground and ends with the driver's exit code. */
  readonly runCommand: (id: string, bundle: string) => readonly string[];
  /** True where it knows a container of this id, whatever state it is in. */
  readonly knows: (id: string) => Promise<boolean>;
  /** Sends a signal to the driver's first process; nothing happens where it has ended. */
  readonly signal: (id: string, signal: "TERM" | "KILL") => Promise<void>;
  /** Ends all of its processes and forgets it; nothing happens where it is not known. */
  readonly remove: (id: string) => Promise<void>;
}

/** @param state the runtime's folder, this host's alone: so ids can't meet those of others. @throws runtime-missing */
export function ociRuntime(state: string, wanted: string | undefined): OciRuntime {
  const program = findProgram(wanted === undefined ? ["runc", "crun"] : [wanted]);
  if (program === undefined) throw driverErrors["runtime-missing"]({ found: wanted ?? "runc or crun" });
  const run = (...args: readonly string[]): Promise<{ stdout: string }> => exec(program, ["--root", state, ...args], { timeout: 60_000 });
  const knows = async (id: string): Promise<boolean> =>
    run("state", id).then(
      () => true,
      () => false,
    );
  return {
    program,
    runCommand: (id, bundle) => [program, "--root", state, "run", "--bundle", bundle, "--pid-file", join(bundle, "pid"), id],
    knows,
    signal: async (id, signal) => void (await run("kill", id, signal).catch(() => {})),
    remove: async (id) => {
      await run("delete", "--force", id).catch(async (error: { readonly stderr?: string }) => {
        if (await knows(id))
          throw driverErrors["driver-cannot-start"]({ reason: (error.stderr ?? "").trim() || "what ran before can't be removed" });
      });
    },
  };
}

function findProgram(names: readonly string[]): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  return names.flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name)))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

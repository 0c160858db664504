import { readFile } from "node:fs/promises";
import { wordsOf } from "@outrigger/plugin/errors";
import { writeDurably } from "../../files/write-durably.ts";
import { driverSdkErrors } from "../errors.ts";

/**
 * What a driver must know after a crash, as JSON in a file. Its place is the propagated mount: an upgrade keeps that,
 * and throws everything else of the root file system away.
 */
export interface StateFile<State> {
  /** As it is on the disk. */
  readonly state: State;
  /**
   * Changes it, after the changes asked for before; resolves when it is on the disk. When writing fails, nothing has changed.
   *
   * @param change gives the new state and never changes the old one in place
   */
  readonly update: (change: (state: State) => State) => Promise<State>;
}

/**
 * Opens the file, or begins with `initial` where there is none.
 *
 * @param check throws, or gives the state, for what the file has; e.g. a zod schema's `parse`
 * @throws `state-file-invalid`
 */
export async function openStateFile<State>(
  file: string,
  initial: State,
  check: (value: unknown) => State = (value) => value as State,
): Promise<StateFile<State>> {
  let state: State = await readState(file, initial, check);
  let last: Promise<unknown> = Promise.resolve();
  const update = (change: (state: State) => State): Promise<State> => {
    const next = last.then(async (): Promise<State> => {
      const changed = change(state);
      if (changed !== state) await writeDurably(file, `${JSON.stringify(changed)}\n`);
      state = changed;
      return changed;
    });
    last = next.catch(() => undefined);
    return next;
  };
  return {
    get state() {
      return state;
    },
    update,
  };
}

async function readState<State>(file: string, initial: State, check: (value: unknown) => State): Promise<State> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return initial;
    throw error;
  }
  try {
    return check(JSON.parse(text));
  } catch (error) {
    throw driverSdkErrors["state-file-invalid"]({ file, reason: wordsOf(error) }, { cause: error });
  }
}

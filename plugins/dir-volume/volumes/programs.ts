import { execFile } from "node:child_process";
import { driverError } from "@outrigger/sdk/driver";

/** Runs a program of the system. @throws DriverError with what the program says */
export function run(program: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  execFile(program, [...args], { signal, killSignal: "SIGKILL", env: { PATH: process.env["PATH"], LC_ALL: "C" } }, (error, _, stderr) => {
    if (error === null) return resolve();
    if (error.code === "ENOENT") return reject(driverError(`the program ${program} is not here`, { cause: error }));
    reject(
      driverError(signal?.aborted === true ? `${program} took too long` : `${program}: ${stderr.trim() || error.message}`, {
        cause: error,
      }),
    );
  });
  return promise;
}

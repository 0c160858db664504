import { execFile } from "node:child_process";
import { driverError } from "@outrigger/sdk/driver";

/** What an `ip` command printed, or why it failed, in its own words. */
export type IpOutcome = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

export type IpProgram = (args: readonly string[]) => Promise<IpOutcome>;

/**
 * Runs iproute2's `ip`, found by PATH. Node speaks no netlink, and busybox's `ip` knows no macvlan.
 *
 * @throws DriverError where there is no such program
 */
export const runIp: IpProgram = (args) => {
  const { promise, resolve, reject } = Promise.withResolvers<IpOutcome>();
  const env = { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  execFile("ip", args, { env, timeout: 10_000 }, (error, stdout, stderr) => {
    if (error === null) resolve({ ok: true, text: stdout });
    else if (error.code === "ENOENT") reject(driverError("the program `ip` of iproute2 is missing beside the driver"));
    else resolve({ ok: false, reason: lastLine(stderr) || error.message });
  });
  return promise;
};

function lastLine(text: string): string {
  const line = text.trim().split("\n").at(-1) ?? "";
  return line.replace(/^(RTNETLINK answers|Error): /, "");
}

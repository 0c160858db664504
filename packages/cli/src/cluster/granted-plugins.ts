import type { ClusterPlugin } from "@outrigger/cluster";
import { say } from "../output/print.ts";
import { confirmed } from "./confirm.ts";

/** The plug-ins of an image that may do what they want on this machine: those named, and on a terminal those that a person says yes to. */
export async function grantedPlugins(plugins: readonly ClusterPlugin[], given: readonly string[]): Promise<readonly string[]> {
  const asking = plugins.filter(
    ({ name, disabled, privileges, origin, overrides }) =>
      !disabled && privileges.includes("local") && (origin.from === "image" || overrides?.from === "image") && !given.includes(name),
  );
  const granted = [...given];
  if (process.stdin.isTTY !== true) return granted;
  for (const { name } of asking) {
    say(`${name} comes with the image and asks for all that you may do on this machine: files, network, programs.`);
    if (await confirmed(`Let ${name} do that?`)) granted.push(name);
  }
  return granted;
}

import type { ClusterPlugin } from "@outrigger/cluster";
import { say } from "../output/print.ts";
import { confirmed } from "./confirm.ts";

/** The plug-ins of an image or a package that may do what they want on this machine: those named, and on a terminal those that a person says yes to. */
export async function grantedPlugins(plugins: readonly ClusterPlugin[], given: readonly string[]): Promise<readonly string[]> {
  const { isOfOthers } = await import("@outrigger/cluster");
  const asking = plugins.filter(
    (plugin) => !plugin.disabled && plugin.privileges.includes("local") && isOfOthers(plugin) && !given.includes(plugin.name),
  );
  const granted = [...given];
  if (process.stdin.isTTY !== true) return granted;
  for (const { name, base } of asking) {
    const whence = base?.from === "package" ? `the package ${base.package}` : "the image";
    say(`${name} comes with ${whence} and asks for all that you may do on this machine: files, network, programs.`);
    if (await confirmed(`Let ${name} do that?`)) granted.push(name);
  }
  return granted;
}

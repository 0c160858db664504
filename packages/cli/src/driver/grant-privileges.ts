import { createInterface } from "node:readline/promises";
import type { PluginPrivilege } from "@outrigger/driver";
import { say } from "../output/print.ts";

export interface GrantOptions {
  readonly grantAllPermissions?: true;
  readonly grant?: readonly string[];
}

/**
 * Has a person grant privileges, one by one; nothing else than all of them lets a plug-in in. Without a terminal they must have been named.
 * @throws privileges-not-granted
 */
export async function grantPrivileges(name: string, asked: readonly PluginPrivilege[], options: GrantOptions): Promise<void> {
  const { driverErrors } = await import("@outrigger/driver");
  const given = new Set(options.grant ?? []);
  const open = options.grantAllPermissions === true ? [] : asked.filter((privilege) => !isGiven(privilege, given));
  for (const privilege of asked) say(`${name} asks for ${describe(privilege)}`);
  if (open.length === 0) return;
  const missing = process.stdin.isTTY === true ? await askOneByOne(open) : open;
  if (missing.length === 0) return;
  throw driverErrors["privileges-not-granted"]({
    name,
    missing: missing.map(({ Name, Value }) => `${Name}=${Value.join(",")}`).join("; "),
  });
}

/** `mount=/dev/fuse` grants one value, `capabilities=CAP_NET_ADMIN,CAP_SYS_ADMIN` several; `network` alone grants no value. */
function isGiven({ Name, Value }: PluginPrivilege, given: ReadonlySet<string>): boolean {
  if (given.has(`${Name}=${Value.join(",")}`)) return true;
  return Value.length > 0 && Value.every((value) => given.has(`${Name}=${value}`));
}

function describe({ Name, Description, Value }: PluginPrivilege): string {
  return `${Name}: ${Value.join(", ")}${Description === "" ? "" : ` (${Description})`}`;
}

async function askOneByOne(open: readonly PluginPrivilege[]): Promise<readonly PluginPrivilege[]> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (const [index, privilege] of open.entries()) {
      const answer = await terminal.question(`Grant ${describe(privilege)}? [y/N] `);
      if (!/^y(es)?$/i.test(answer.trim())) return open.slice(index);
    }
    return [];
  } finally {
    terminal.close();
  }
}

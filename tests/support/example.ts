import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, root, type Sandbox } from "./sandbox.ts";

export interface Example {
  readonly file: string;
  readonly application: string;
  readonly folder: string;
  /** Of nginx on loopback. */
  readonly port: number;
}

/** A copy of an example under a name of its own, on a free port. */
export async function exampleCopy(box: Sandbox, name = "log-collection"): Promise<Example> {
  const application = `${box.prefix}-${name}`;
  const port = await freePort();
  const folder = join(box.folder, "example");
  cpSync(join(root, "examples", name), folder, { recursive: true });
  const file = join(folder, "app.yaml");
  const text = readFileSync(file, "utf8").replace(`name: ${name}`, `name: ${application}`);
  writeFileSync(file, text.replace(/publish: \d+/, `publish: ${port}`));
  return { file, folder, application, port };
}

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, root, type Sandbox } from "./sandbox.ts";

export interface Example {
  readonly file: string;
  readonly application: string;
  /** Of nginx on loopback. */
  readonly port: number;
}

/** A copy of examples/log-collection under a name of its own, on a free port. */
export async function exampleCopy(box: Sandbox): Promise<Example> {
  const application = `${box.prefix}-logs`;
  const port = await freePort();
  const folder = join(box.folder, "example");
  cpSync(join(root, "examples", "log-collection"), folder, { recursive: true });
  const file = join(folder, "app.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("name: log-collection", `name: ${application}`).replace("18080", String(port)));
  return { file, application, port };
}

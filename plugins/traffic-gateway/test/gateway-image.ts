import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createDockerImages } from "@outrigger/runtime";
import { pack } from "tar-stream";
import { imageExists } from "../../../scripts/engine-objects.ts";

const dockerfile = readFileSync(join(import.meta.dirname, "..", "Dockerfile"), "utf8");

/** The image of the three gateways, built where the engine has none of this Dockerfile yet. */
export async function gatewayImage(): Promise<string> {
  const name = `outrigger-test/gateway:${createHash("sha256").update(dockerfile).digest("hex").slice(0, 12)}`;
  if (await imageExists(name)) return name;
  const context = pack();
  context.entry({ name: "Dockerfile" }, dockerfile);
  context.finalize();
  await createDockerImages({ buildNetwork: "host" }).build({
    context: context as AsyncIterable<Uint8Array>,
    names: [name],
    file: "Dockerfile",
    labels: {},
    credentials: {},
    onProgress: () => {},
    signal: AbortSignal.timeout(300_000),
  });
  return name;
}

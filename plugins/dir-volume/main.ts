import { serveDriver } from "@outrigger/sdk/driver";
import { openDirVolume } from "./volumes/driver.ts";
import { parseSize } from "./volumes/options.ts";

const size = (name: string): number | undefined => {
  const text = process.env[name] ?? "";
  return text === "" ? undefined : parseSize(name, text);
};

async function main(): Promise<void> {
  const [root, defaultSize, maxSize] = [process.env["ROOT"] ?? "/volumes", size("DEFAULT_SIZE"), size("MAX_SIZE")];
  const volume = await openDirVolume({ root, defaultSize, maxSize });
  await serveDriver({ volume }, { name: "dir-volume" });
}

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});

import { createLogger, logLevel, serveDriver } from "@outrigger/sdk/driver";
import { fileLog } from "./log/driver.ts";
import { readDefaults } from "./log/options.ts";

async function main(): Promise<void> {
  const root = process.env["ROOT"] ?? "/logs";
  const log = await fileLog({ root, ...readDefaults(process.env), logger: createLogger(logLevel()) });
  await serveDriver({ log }, { name: "file-log" });
}

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});

#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Static imports would be compiled before the cache is on.
enableCompileCache();

// A reader that has seen enough (`outrigger logs ... | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
});

try {
  const { run } = await import("./program.ts");
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const { reportError } = await import("./output/report-error.ts");
  process.exitCode = reportError(error);
}

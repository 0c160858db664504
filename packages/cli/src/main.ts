#!/usr/bin/env node
import { reportError } from "./output/report-error.ts";
import { run } from "./program.ts";

// A reader that has seen enough (`outrigger logs ... | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportError(error);
}

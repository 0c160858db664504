import { resolve } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import { protocolVariables } from "./engine/protocol.ts";
import { loadPlugin } from "./engine/run/load-plugin.ts";
import { logLine } from "./engine/run/plugin-log.ts";
import { servePlugin } from "./engine/run/serve-plugin.ts";
import { sdkErrors } from "./errors.ts";

/** The program that the gateway starts for a module: `node run-plugin.ts ENTRY`. Ends with SIGTERM, once the calls under way are answered. */
async function main(): Promise<void> {
  const socket = process.env[protocolVariables.socket];
  if (socket === undefined) throw sdkErrors["run-variable-missing"]({ variable: protocolVariables.socket });
  const plugin = await loadPlugin(resolve(process.argv[2] ?? "index.ts"));
  const server = await servePlugin(plugin, socket);
  process.once("SIGTERM", () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

main().catch((error: unknown) => {
  logLine(wordsOf(error), {
    level: "error",
    stack: error instanceof Error ? error.stack : undefined,
  });
  process.exit(1);
});

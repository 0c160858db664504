import { resolve } from "node:path";
import { format } from "node:util";
import { wordsOf } from "@outrigger/plugin";
import { loadClusterPlugin } from "./cluster/run/load-cluster-plugin.ts";
import { type ServedClusterPlugin, serveClusterPlugin } from "./cluster/run/serve-cluster-plugin.ts";

/**
 * The program that a runner starts for a module: `node run-cluster-plugin.ts MODULE`. Speaks the protocol on its standard streams and ends when its input does.
 * What a module prints becomes lines of its log.
 */
async function main(): Promise<void> {
  const write = process.stdout.write.bind(process.stdout);
  let served: ServedClusterPlugin | undefined;
  const log: ServedClusterPlugin["log"] = (level, text) => {
    if (served === undefined) process.stderr.write(`${text}\n`);
    else served.log(level, text);
  };
  keepOutput(log);
  const loaded = await loadClusterPlugin(resolve(process.argv[2] ?? "index.ts"));
  served = serveClusterPlugin(
    loaded,
    (line) => void write(line),
    (reason) => fail(`The runner broke the protocol: ${reason}`),
  );
  process.stdin.on("data", served.receive);
  process.stdin.once("end", () => {
    served?.close();
    setImmediate(() => process.exit(0));
  });
}

/** Standard output is the protocol's: all other ways to it lead to the log. */
function keepOutput(log: ServedClusterPlugin["log"]): void {
  for (const [name, level] of [
    ["log", "info"],
    ["info", "info"],
    ["debug", "debug"],
    ["warn", "warn"],
    ["error", "error"],
  ] as const) {
    console[name] = (...words: readonly unknown[]) => log(level, format(...words));
  }
  let rest = "";
  process.stdout.write = ((piece: string | Uint8Array): boolean => {
    const lines = (rest + (typeof piece === "string" ? piece : Buffer.from(piece).toString("utf8"))).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) log("info", line);
    return true;
  }) as typeof process.stdout.write;
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

main().catch((error: unknown) => fail(error instanceof Error && error.stack !== undefined ? error.stack : wordsOf(error)));

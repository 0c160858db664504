import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { OwnEngine } from "./own-engine.ts";
import { execute } from "./sandbox.ts";

/** A registry (Debian's docker-registry) on the loopback of an engine's own network namespace, gone when the test ends. @returns its address there, which the engine trusts without TLS */
export async function ownRegistry(context: TestContext, engine: OwnEngine): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-registry-"));
  const address = "127.0.0.1:5000";
  const config = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: { addr: address },
  };
  writeFileSync(join(folder, "config.yml"), JSON.stringify(config));
  const inside = ["--net", "--target", readFileSync(engine.pidFile, "utf8").trim(), "--"];
  await execute("nsenter", [...inside, "ip", "link", "set", "lo", "up"], folder);
  const registry = spawn("nsenter", [...inside, "docker-registry", "serve", join(folder, "config.yml")], { stdio: "ignore" });
  context.after(async () => {
    const ended = once(registry, "exit");
    if (registry.kill("SIGKILL")) await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await execute("nsenter", [...inside, "curl", "-sf", `http://${address}/v2/`], folder)).code === 0) return address;
    await sleep(50);
  }
  throw new TypeError("docker-registry does not answer");
}

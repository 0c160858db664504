import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { until } from "../../packages/driver/test/support/call.ts";
import { cleanUp } from "../../packages/driver/test/support/host.ts";
import { engineForDrivers } from "./driver-plugin.ts";

const main = join(import.meta.dirname, "..", "..", "packages", "cli", "src", "main.ts");
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, at most two minutes. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { env: { ...process.env, ...env }, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

export interface Stand {
  readonly folder: string;
  /** A word that nobody else uses. */
  readonly word: string;
  readonly outrigger: (args: readonly string[], input?: string) => Promise<Outcome>;
  readonly start: () => Promise<ChildProcess>;
  readonly socket: string;
  /** To an engine that finds its drivers. */
  readonly docker: (...args: readonly string[]) => Promise<string>;
  readonly ask: (...args: readonly string[]) => Promise<Outcome>;
}

/** A driver host, and an engine of its own: the one that everybody uses would ask for the drivers long after their end. */
export async function makeStand(context: TestContext): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), "odh-"));
  const word = `host${randomBytes(4).toString("hex")}`;
  const socket = join(folder, "api.sock");
  const root = join(folder, "root");
  const env = {
    OUTRIGGER_DRIVER_HOST: `unix://${socket}`,
    OUTRIGGER_PACKAGES: join(folder, "store"),
    XDG_STATE_HOME: join(folder, "state"),
  };
  const hosts: ChildProcess[] = [];
  const engine = await engineForDrivers(context);
  const ask: Stand["ask"] = (...args) => run("docker", ["-H", engine.host, ...args]);
  context.after(async () => {
    for (const host of hosts) {
      if (host.exitCode !== null || host.signalCode !== null) continue;
      const ended = once(host, "exit");
      host.kill("SIGTERM");
      await ended;
    }
    cleanUp(folder, join(root, "runtime"), "runc");
  });
  return {
    folder,
    word,
    socket,
    ask,
    docker: async (...args) => {
      const { code, stdout, stderr } = await ask(...args);
      assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
      return stdout.trim();
    },
    outrigger: (args, input) => run(process.execPath, [main, "driver", ...args], env, input),
    start: async () => {
      const args = [
        main,
        "driver",
        "host",
        "--listen",
        `unix://${socket}`,
        "--root",
        root,
        "--publish",
        engine.pluginsFolder,
        "--probe-every",
        "1",
      ];
      const host = spawn(process.execPath, args, { stdio: "ignore" });
      hosts.push(host);
      await until(() => existsSync(socket) && run("docker", ["-H", `unix://${socket}`, "version"]).then(({ code }) => code === 0));
      return host;
    },
  };
}

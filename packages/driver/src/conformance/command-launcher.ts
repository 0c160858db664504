import { spawn } from "node:child_process";
import { once } from "node:events";
import type { DriverLauncher, RunningDriver } from "./launcher.ts";

const patience = 10_000;

/** Starts a driver as a program on this machine, in a process group of its own. What it writes goes to `output`; without it nowhere. */
export function commandLauncher(
  words: readonly [program: string, ...args: string[]],
  settings: { readonly address: string; readonly root?: string; readonly output?: (text: string) => void },
): DriverLauncher {
  let running: RunningDriver | undefined;
  return {
    name: words.join(" "),
    close: async () => running?.kill(),
    start: async (): Promise<RunningDriver> => {
      const [program, ...args] = words;
      const startedAt = performance.now();
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
      let ended: string | undefined;
      const exit = once(child, "exit").then(
        ([code, signal]) => {
          ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
        },
        (error: Error) => {
          ended = error.message;
        },
      );
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => settings.output?.(text));
      const send = (signal: NodeJS.Signals): void => {
        try {
          // The group: a driver behind a shell is ended with it.
          if (child.pid !== undefined && ended === undefined) process.kill(-child.pid, signal);
        } catch {
          // It has just ended.
        }
      };
      const kill = async (): Promise<void> => {
        send("SIGKILL");
        await exit;
      };
      running = {
        address: settings.address,
        startedAt,
        ended: () => ended,
        outside: (path) => `${settings.root ?? ""}${path}`,
        kill,
        stop: async () => {
          const began = performance.now();
          send("SIGTERM");
          const timer = setTimeout(() => send("SIGKILL"), patience);
          await exit;
          clearTimeout(timer);
          return performance.now() - began;
        },
      };
      return running;
    },
  };
}

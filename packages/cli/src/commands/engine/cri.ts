import { once } from "node:events";
import type { PluginSource } from "@outrigger/engine";
import type { Command } from "commander";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface CriOptions {
  readonly listen: string;
  readonly upstream: string;
  readonly plugins: string;
}

/** The plug-ins of a folder, running. */
export interface RunningPlugins {
  readonly source: PluginSource;
  readonly close: () => Promise<void>;
}

export type RunPlugins = (folder: string) => Promise<RunningPlugins>;

/** The command, given who runs the plug-ins. */
export function defineCri(command: Command, runPlugins: RunPlugins): void {
  command
    .description(
      "Stands before a CRI runtime such as containerd, in the foreground until Ctrl-C, and runs plug-ins at cri.preCreateContainer.\n" +
        "Every other call passes as it is. Point the kubelet's --container-runtime-endpoint at the socket that it listens on.",
    )
    .option("--listen <address>", "unix socket to listen on, for its owner alone", "unix:///run/outrigger/cri.sock")
    .option("--upstream <address>", "the runtime's own socket", "unix:///run/containerd/containerd.sock")
    .requiredOption("--plugins <folder>", "the plug-ins, as `outrigger engine` has them")
    .action((options: CriOptions) => cri(options, runPlugins));
  withExamples(
    command,
    "engine cri --plugins ./plugins",
    "engine cri --plugins ./plugins --upstream unix:///run/k3s/containerd/containerd.sock",
  );
}

async function cri({ listen, upstream, plugins }: CriOptions, runPlugins: RunPlugins): Promise<void> {
  const { startCriProxy } = await import("@outrigger/engine");
  const { source, close } = await runPlugins(plugins);
  try {
    const proxy = await startCriProxy({ listen, upstream, plugins: source });
    say(`The CRI proxy listens at ${proxy.url}, before ${upstream}.`);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    say("Stopping; containers go on running.");
    await proxy.close();
  } finally {
    await close();
  }
}

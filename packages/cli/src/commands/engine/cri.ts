import { once } from "node:events";
import { join } from "node:path";
import type { Command } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../engine/engine-options.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface CriOptions extends EngineFolders {
  readonly listen: string;
  readonly upstream: string;
}

export function define(command: Command): void {
  withEngineFolders(command)
    .description(
      "Stands before a CRI runtime such as containerd, in the foreground until Ctrl-C, and runs plug-ins at cri.preCreateContainer.\n" +
        "Every other call passes as it is. Point the kubelet's --container-runtime-endpoint at the socket that it listens on.",
    )
    .option("--listen <address>", "unix socket to listen on, for its owner alone", "unix:///run/outrigger/cri.sock")
    .option("--upstream <address>", "the runtime's own socket", "unix:///run/containerd/containerd.sock")
    .action(cri);
  withExamples(
    command,
    "engine cri --plugins ./plugins",
    "engine cri --plugins ./plugins --upstream unix:///run/k3s/containerd/containerd.sock",
  );
}

async function cri({ listen, upstream, ...folders }: CriOptions): Promise<void> {
  const { serveCri } = await import("@outrigger/engine");
  const { plugins, state } = await engineFolders(folders);
  // A gateway before an engine may use the same plug-ins at the same time.
  const ownState = join(state, "cri");
  const service = await serveCri({
    listen,
    upstream,
    plugins,
    state: ownState,
    control: folders.control ?? join(ownState, "control.sock"),
  });
  say(`The CRI proxy listens at ${service.url}, before ${upstream}.`);
  process.on("SIGHUP", () => void service.reload());
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  say("Stopping; containers go on running.");
  await service.stop();
}

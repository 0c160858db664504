import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { type Command, Option } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../engine/engine-options.ts";
import { cliErrors } from "../../errors.ts";
import { collect, wholeNumber, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface EngineOptions extends EngineFolders {
  readonly listen?: readonly string[];
  readonly upstream: string;
  readonly runtime?: string;
  readonly records?: string;
  readonly supervise?: true;
  readonly bodyLimit: number;
  readonly drain: number;
  readonly allowInsecureTcp?: true;
  readonly traceFile?: string;
  readonly record?: string;
}

export function define(command: Command): void {
  withEngineFolders(command)
    .description(
      "Runs a gateway before a container engine: clients use its socket, and plug-ins are called at hook points of their requests.\n" +
        "What no plug-in cares about passes untouched. SIGHUP has it look at the plug-ins' folder again, Ctrl-C ends it; containers go on either way.",
    )
    .argument("[dockerd-options...]", "with --supervise, after --: options of dockerd")
    .option(
      "--listen <socket>",
      "unix:///PATH[,mode=0660][,group=NAME][,user=NAME], tcp://HOST:PORT[,cert=,key=,ca=] or fd://; can be given several times (default: unix:///run/outrigger/docker.sock)",
      collect,
    )
    .option("--upstream <socket>", "the engine: unix:///PATH or tcp://HOST:PORT[,cert=,key=,ca=]", "unix:///var/run/docker.sock")
    .option("--runtime <name>", "the engine's name of outrigger-runc, which carries out OCI hooks (see engine install-runtime)")
    .option("--records <folder>", "with --runtime: where the wrapper looks for the hooks of containers")
    .option("--supervise", "start dockerd, with --host of the upstream, and keep it running")
    .addOption(
      new Option("--body-limit <bytes>", "how much of a body plug-ins look at; larger ones are refused")
        .default(4 * 1024 * 1024)
        .argParser(wholeNumber(1024)),
    )
    .addOption(new Option("--drain <seconds>", "how long requests may go on when it ends").default(10).argParser(wholeNumber(0)))
    .option("--allow-insecure-tcp", "let listeners with insecure=yes take plain TCP from other machines: whoever reaches them is root")
    .option("--trace-file <file>", "add what plug-ins did to each request, a line of JSON each")
    .option("--record <folder>", "record the calls of plug-ins, with their secrets, for `engine replay`")
    .action(run);
  withExamples(
    command,
    "engine --plugins ./engine-plugins --listen unix:///run/outrigger/docker.sock",
    "engine --listen unix:///run/outrigger/docker.sock,mode=0660,group=docker --runtime outrigger",
    "engine --supervise -- --data-root /srv/docker",
  );
}

async function run(dockerdOptions: readonly string[], options: EngineOptions, command: Command): Promise<void> {
  const { parseListener, parseUpstream, serveEngine, usualRecordsFolder } = await import("@outrigger/engine");
  if (dockerdOptions.length > 0 && options.supervise === undefined) {
    const expected = "a command of engine; or, with --supervise, options of dockerd after --";
    throw cliErrors["option-invalid"]({ option: "the argument", found: dockerdOptions.join(" "), expected, command: "engine" });
  }
  // A folder that somebody named must be there: without its plug-ins everything would pass.
  if (command.getOptionValueSource("plugins") === "default") mkdirSync(options.plugins, { recursive: true });
  const upstream = parseUpstream(options.upstream);
  const service = await serveEngine({
    ...(await engineFolders(options)),
    listen: (options.listen ?? ["unix:///run/outrigger/docker.sock"]).map(parseListener),
    upstream,
    bodyLimit: options.bodyLimit,
    allowInsecure: options.allowInsecureTcp === true,
    ...(options.supervise === undefined ? {} : { supervise: ["dockerd", "--host", upstream.text, ...dockerdOptions] }),
    ...(options.runtime === undefined ? {} : { runtime: { name: options.runtime, folder: options.records ?? usualRecordsFolder } }),
    ...(options.traceFile === undefined ? {} : { traceFile: options.traceFile }),
    ...(options.record === undefined ? {} : { record: options.record }),
    log: say,
  });
  process.on("SIGHUP", () => {
    void service
      .reload()
      .then(({ ok, message }) => say(ok ? "Looked at the plug-ins again." : `The plug-ins stay as they are: ${message}`));
  });
  say(`The gateway to ${upstream.text} listens at ${service.addresses.join(", ")}; its plug-ins are in ${options.plugins}.`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  say("Stopping; containers go on running.");
  await service.stop(options.drain * 1000);
}

import { once } from "node:events";
import { usualDiscoveryPorts } from "@outrigger/pod";
import { type Command, Option } from "commander";
import { ensureLocalServer, stopLocalServer } from "../local-server.ts";
import { dataDirOption, stateDirOption, wholeNumber, withExamples } from "../options.ts";
import { say } from "../output/print.ts";

interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly stateDir: string;
  readonly discoveryPort: number;
  readonly xdsPort: number;
  readonly dockerHost?: string;
  readonly buildNetwork: "default" | "host";
  readonly detach?: true;
  readonly stop?: true;
}

function portOption(flags: string, description: string, variable: string, usual: number, least = 1): Option {
  return new Option(flags, description).env(variable).default(usual).argParser(wholeNumber(least));
}

export function define(command: Command): void {
  command
    .description(
      "Runs the control plane in the foreground until Ctrl-C; applications go on running without it.\n" +
        "At the first start it makes its data folder and an admin token, which the other commands on this machine find there.",
    )
    .option("--host <address>", "address to listen on; others than loopback open it to the network", "127.0.0.1")
    .addOption(portOption("--port <port>", "port to listen on; 0 takes any free one", "OUTRIGGER_PORT", 7470, 0))
    .addOption(
      portOption(
        "--discovery-port <port>",
        "port of discovery, on each application's own network",
        "OUTRIGGER_DISCOVERY_PORT",
        usualDiscoveryPorts.http,
      ),
    )
    .addOption(
      portOption(
        "--xds-port <port>",
        "port of discovery by xDS, on each application's own network",
        "OUTRIGGER_XDS_PORT",
        usualDiscoveryPorts.xds,
      ),
    )
    .addOption(dataDirOption())
    .addOption(stateDirOption())
    .addOption(new Option("--docker-host <url>", "the Docker Engine, unix:///path or tcp://host:port").env("DOCKER_HOST"))
    .addOption(
      new Option("--build-network <network>", "network of build steps; host where containers have no way out")
        .env("OUTRIGGER_BUILD_NETWORK")
        .choices(["default", "host"])
        .default("default"),
    )
    .addOption(new Option("--detach", "run it in the background and wait until it answers").conflicts("stop"))
    .option("--stop", "stop the server that runs in the background")
    .action(server);
  withExamples(command, "server", "server --detach", "server --stop", "server --port 0 --data-dir ./data");
}

async function server(options: ServerOptions): Promise<void> {
  if (options.stop === true) {
    const pid = await stopLocalServer(options.dataDir);
    return say(pid === undefined ? "No server runs." : `Stopped the server (process ${pid}). Applications go on running.`);
  }
  if (options.detach === true) {
    const { url, pid, started, log } = await ensureLocalServer({ ...options, args: serverArguments(options) });
    return say(`${started ? "Started the server" : "A server runs already"} at ${url} (process ${pid}, log ${log}).`);
  }
  await runServer(options);
}

function serverArguments({ host, port, discoveryPort, xdsPort, dockerHost, buildNetwork }: ServerOptions): readonly string[] {
  const engine = dockerHost === undefined ? [] : ["--docker-host", dockerHost];
  const discovery = ["--discovery-port", String(discoveryPort), "--xds-port", String(xdsPort)];
  return ["--host", host, "--port", String(port), ...discovery, "--build-network", buildNetwork, ...engine];
}

async function runServer({ host, port, discoveryPort, xdsPort, dataDir, dockerHost, buildNetwork }: ServerOptions): Promise<void> {
  const [{ startServer }, { createDockerImages, createDockerRuntime }] = await Promise.all([
    import("@outrigger/server"),
    import("@outrigger/runtime"),
  ]);
  const engine = dockerHost === undefined ? {} : { socket: dockerHost };
  const running = await startServer({
    host,
    port,
    dataDir,
    discoveryPorts: { http: discoveryPort, xds: xdsPort },
    runtime: (wanted) => createDockerRuntime({ ...wanted, ...engine }),
    images: createDockerImages({ buildNetwork, ...engine }),
  });
  say(`The server listens at ${running.url}; its files are in ${dataDir}.`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  say("Stopping; applications go on running.");
  await running.close();
}

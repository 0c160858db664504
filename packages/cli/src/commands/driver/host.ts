import { once } from "node:events";
import { type Command, Option } from "commander";
import { usualHost } from "../../driver/api-options.ts";
import { collect, wholeNumber, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { type RegistryFlags, registryOptions, withRegistry } from "../../packages/registry-options.ts";

interface HostOptions extends RegistryFlags {
  readonly listen: string;
  readonly root: string;
  readonly publish?: readonly string[];
  readonly runtime?: string;
  readonly callLimit: number;
  readonly startLimit: number;
  readonly probeEvery: number;
  readonly metricsSocket: string;
}

export function define(command: Command): void {
  withRegistry(command)
    .addOption(new Option("--listen <socket>", "where the API is served: unix:///PATH").env("OUTRIGGER_DRIVER_HOST").default(usualHost))
    .option("--root <folder>", "where drivers are kept", "/var/lib/outrigger/drivers")
    .option("--publish <folder>", "where engines look for plug-ins; can be given several times (default: /run/docker/plugins)", collect)
    .option("--runtime <program>", "the OCI runtime (default: runc, else crun)")
    .option("--call-limit <seconds>", "how long calls may take for which engines have no limit", wholeNumber(1), 60)
    .option("--start-limit <seconds>", "how long a driver may take to become healthy", wholeNumber(1), 15)
    .option("--probe-every <seconds>", "how often drivers are asked whether they are well", wholeNumber(1), 10)
    .option("--metrics-socket <path>", "the engine's metrics, for drivers that collect them", "/run/docker/metrics.sock")
    .description(
      "Runs Docker's managed plug-ins without a Docker daemon, by runc or crun, and publishes their sockets where engines look for plug-ins. It serves Docker's own\n" +
        "plug-in API: `docker -H` and the other driver commands speak to it. Drivers outlive it; when it starts again it takes them over.",
    )
    .action(host);
  withExamples(
    command,
    "driver host",
    "driver host --listen unix:///tmp/driver.sock --root /tmp/drivers --publish /tmp/plugins",
    "driver host --runtime crun --plain-http registry.internal:5000",
  );
}

async function host(options: HostOptions): Promise<void> {
  const { ociRuntime, parseAddress, driverErrors, rootFolder, serveDrivers, storedPackages, usualTimes } = await import(
    "@outrigger/driver"
  );
  const { options: place } = parseAddress(options.listen);
  if (!("socketPath" in place)) throw driverErrors["address-invalid"]({ found: options.listen });
  const { resolve } = await import("node:path");
  const root = rootFolder(resolve(options.root));
  const parts = {
    root,
    runtime: ociRuntime(root.runtime, options.runtime),
    access: storedPackages(root, registryOptions(options)),
    publish: options.publish ?? ["/run/docker/plugins"],
    logging: "/run/docker/logging",
    metrics: options.metricsSocket,
    times: { ...usualTimes, start: options.startLimit * 1000, probeEvery: options.probeEvery * 1000 },
    callLimit: options.callLimit * 1000,
    patience: 10_000,
    endLimit: 10_000,
    log: say,
  };
  // Files of drivers must not become unreadable to drivers that run as other users.
  process.umask(0o022);
  const served = await serveDrivers(parts, place.socketPath);
  say(`The driver host listens at ${options.listen}; its drivers are in ${root.path} and run by ${parts.runtime.program}.`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  say("Stopping; drivers go on running.");
  await served.close();
}

import { setTimeout as sleep } from "node:timers/promises";
import type { TrafficResource } from "@outrigger/server";
import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { cliErrors } from "../errors.ts";
import { type OutputOptions, parseTarget, type TeamOptions, wholeNumber, withExamples, withOutput, withTeam } from "../options.ts";
import { print } from "../output/print.ts";
import { createScreen } from "../output/screen.ts";
import { showTraffic } from "../output/show-traffic.ts";

interface TopOptions extends TeamOptions, OutputOptions {
  readonly once?: true;
  readonly port?: number;
  readonly window: number;
}

const period = 1000;
const series = 60;

export function define(command: Command): void {
  withOutput(withTeam(command))
    .description(
      "Shows how a component's ports fare: requests, errors, latency, the most called APIs and the slow requests, of all its pods together. It needs a performance plug-in on the component. Goes on until Ctrl-C on a terminal, and prints once elsewhere.",
    )
    .argument("<target>", "APPLICATION/COMPONENT")
    .option("--once", "print once and end")
    .option("--port <number>", "only this port", wholeNumber(1))
    .option("--window <seconds>", "seconds that the figures are of", wholeNumber(1), 10)
    .action(top);
  withExamples(command, "top shop/web", "top shop/web --once --port 8080", "top shop/web --window 60 -o json");
}

async function top(target: string, options: TopOptions): Promise<void> {
  const api = connectTeam(options);
  const parsed = parseTarget(target);
  const read = async (): Promise<TrafficResource> => onlyPort(await api.traffic(parsed, { window: options.window, series }), options.port);
  const { stdout } = process;
  if (options.once === true || options.output !== "table" || !stdout.isTTY) {
    const traffic = await read();
    await print(options.output, traffic, () => showTraffic(target, traffic).join("\n"));
    return;
  }
  const screen = createScreen(stdout);
  for (;;) {
    screen.draw(showTraffic(target, await read()), "head");
    await sleep(period);
  }
}

/** @throws option-invalid where the component has no such port that is watched */
function onlyPort(traffic: TrafficResource, port: number | undefined): TrafficResource {
  if (port === undefined) return traffic;
  const ports = traffic.ports.filter((each) => each.port === port);
  const known = traffic.ports.map((each) => each.port).join(", ");
  if (ports.length === 0)
    throw cliErrors["option-invalid"]({ option: "--port", found: String(port), expected: `one of ${known || "none"}`, command: "top" });
  return { ...traffic, ports, pods: traffic.pods.map((pod) => ({ ...pod, ports: pod.ports.filter((each) => each.port === port) })) };
}

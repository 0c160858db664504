import { matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { type Fields, fieldsOf, flagOf, isFields, MalformedField, numberOf, textOf, textsOf } from "./fields.ts";
import { listed, shown, type Violations } from "./violation.ts";

/** What reaches beyond a container without loosening its walls: ports, logs, links, restarts. */
export function* judgeSettings(rules: Rules, host: Fields): Violations {
  yield* judgePorts(rules, host);
  yield* judgeRestart(rules, fieldsOf(host, "RestartPolicy"));
  const logs = textOf(fieldsOf(host, "LogConfig"), "Type");
  if (logs !== "" && !matchesAny(logs, rules.logDrivers)) {
    yield { rule: "logDrivers", message: `The log driver ${shown(logs)} is not allowed; allowed: ${listed(rules.logDrivers)}.` };
  }
  // On networks of one's own a link is only a name; on the default bridge the engine hands over the other container's variables.
  if (!["", "default", "bridge"].includes(textOf(host, "NetworkMode"))) return;
  for (const link of textsOf(host, "Links")) {
    const name = (link.split(":")[0] ?? "").replace(/^\//, "");
    if (matchesAny(name, rules.links)) continue;
    yield {
      rule: "links",
      message: `A link to ${shown(name)} would show its variables; allowed: ${listed(rules.links)}.`,
      hint: "Use a network of your own.",
    };
  }
}

function* judgePorts({ ports }: Rules, host: Fields): Violations {
  if (flagOf(host, "PublishAllPorts") && !ports.all) yield { rule: "ports", message: "PublishAllPorts is not allowed." };
  for (const [port, bindings] of Object.entries(fieldsOf(host, "PortBindings"))) {
    if (bindings === null) continue;
    if (!Array.isArray(bindings) || !bindings.every(isFields)) throw new MalformedField(`PortBindings.${port}`, "a list of objects");
    for (const binding of bindings) yield* judgeBinding(ports, binding);
  }
}

function* judgeBinding(ports: Rules["ports"], binding: Fields): Violations {
  const address = textOf(binding, "HostIp") || "0.0.0.0";
  const port = textOf(binding, "HostPort");
  if (!matchesAny(address, ports.addresses)) {
    yield {
      rule: "ports",
      message: `Publishing on ${shown(address)} is not allowed; allowed: ${listed(ports.addresses)}.`,
      hint: "Name an address: -p ADDRESS:PORT:PORT.",
    };
  }
  if (port === "" || port === "0") return;
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port) ?? [];
  if (from !== undefined && Number(from) >= ports.from && Number(to) <= ports.to && Number(from) <= Number(to)) return;
  yield { rule: "ports", message: `Publishing the port ${shown(port)} is not allowed; allowed: ${ports.from} to ${ports.to}.` };
}

function* judgeRestart({ restart }: Rules, policy: Fields): Violations {
  const name = textOf(policy, "Name") || "no";
  if (!matchesAny(name, restart.policies)) {
    yield { rule: "restart", message: `The restart policy ${shown(name)} is not allowed; allowed: ${listed(restart.policies)}.` };
  }
  const { maximumRetries } = restart;
  if (maximumRetries === undefined || name !== "on-failure") return;
  const retries = numberOf(policy, "MaximumRetryCount") ?? 0;
  if (retries <= 0 || retries > maximumRetries) {
    yield {
      rule: "restart",
      message: `on-failure may restart at most ${maximumRetries} times; ${retries === 0 ? "no number is given" : `${retries} is more`}.`,
    };
  }
}

import { type CallFacts, matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { judgeDevices } from "./devices.ts";
import { type Fields, fieldsOf, MalformedField, mapOf, textOf } from "./fields.ts";
import type { ResolvePath } from "./host.ts";
import { isFree, judgeImage } from "./images.ts";
import { containerShape, hostConfigShape, judgeKnown, networkShape, volumeShape } from "./known-fields.ts";
import { judgeExec, judgeLabels } from "./labels.ts";
import { judgeLimits } from "./limits.ts";
import { judgeMounts } from "./mounts.ts";
import { judgeNamespace, judgeNamespaces } from "./namespaces.ts";
import { judgeSecurity } from "./security.ts";
import { judgeSettings } from "./settings.ts";
import { judgeUser } from "./users.ts";
import { listed, shown, type Violation, type Violations } from "./violation.ts";
import { judgeVolume } from "./volumes.ts";

type Facts = Pick<CallFacts, "door" | "container">;

/** The first rule that a container's body breaks, at whichever door. */
export function judgeContainer(rules: Rules, body: Fields, facts: Facts, resolve: ResolvePath): Violation | undefined {
  return first(container(rules, body, facts, resolve));
}

function* container(rules: Rules, body: Fields, facts: Facts, resolve: ResolvePath): Violations {
  const door = facts.door ?? "create";
  if (!rules.doors.includes(door)) {
    yield { rule: "doors", message: `The door ${door} is closed; open: ${listed(rules.doors)}.` };
    return;
  }
  const makes = door === "create" || door === "service";
  const host = fieldsOf(body, "HostConfig");
  yield* judgeKnown(rules, body, containerShape);
  yield* judgeSecurity(rules, host);
  yield* judgeNamespaces(rules, body, host);
  yield* judgeMounts(rules, host, resolve);
  yield* judgeDevices(rules, host, resolve);
  yield* judgeSettings(rules, host);
  yield* judgeLimits(rules, host, makes ? "new" : "part");
  const user = textOf(body, "User");
  if (makes || (door === "exec" && user !== "")) yield* judgeUser(rules, user);
  if (door === "exec") yield* judgeExec(rules, facts.container?.labels);
  if (!makes) return;
  if (!isFree(rules)) yield* judgeImage(rules, textOf(body, "Image"));
  yield* judgeLabels(rules, body);
}

/** A change of a container's limits. */
export function judgeUpdate(rules: Rules, body: Fields, resolve: ResolvePath): Violation | undefined {
  return first(update(rules, body, resolve));
}

function* update(rules: Rules, body: Fields, resolve: ResolvePath): Violations {
  yield* judgeKnown(rules, body, hostConfigShape);
  yield* judgeSecurity(rules, body);
  yield* judgeDevices(rules, body, resolve);
  yield* judgeLimits(rules, body, "update");
  // Without a name the restart policy stays as it is.
  if (textOf(fieldsOf(body, "RestartPolicy"), "Name") !== "") yield* judgeSettings(rules, body);
}

export function judgeVolumeBody(rules: Rules, body: Fields, resolve: ResolvePath): Violation | undefined {
  return first(
    (function* () {
      yield* judgeKnown(rules, body, volumeShape);
      yield* judgeVolume(rules, body, resolve);
    })(),
  );
}

/** Drivers and options that would tie a network to the host's own links. */
export function judgeNetworkBody(rules: Rules, body: Fields): Violation | undefined {
  return first(
    (function* () {
      const { drivers, options } = rules.networks;
      yield* judgeKnown(rules, body, networkShape);
      const driver = textOf(body, "Driver") || "bridge";
      if (!matchesAny(driver, drivers))
        yield { rule: "networks", message: `The network driver ${shown(driver)} is not allowed; allowed: ${listed(drivers)}.` };
      for (const option of Object.keys(mapOf(body, "Options"))) {
        if (!matchesAny(option, options))
          yield { rule: "networks", message: `The network option ${shown(option)} is not allowed; allowed: ${listed(options)}.` };
      }
    })(),
  );
}

export function judgeEndpoint(rules: Rules, network: string | undefined): Violation | undefined {
  return first(judgeNamespace(rules, "network", network ?? ""));
}

/** The first violation; a field of a wrong type is one. */
export function first(violations: Violations): Violation | undefined {
  try {
    for (const violation of violations) return violation;
    return undefined;
  } catch (error) {
    if (error instanceof MalformedField) return error.violation;
    throw error;
  }
}

import { matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { judgeBind } from "./binds.ts";
import { type Fields, fieldsOf, flagOf, listOf, mapOf, textOf, textsOf } from "./fields.ts";
import type { ResolvePath } from "./host.ts";
import { judgeImage } from "./images.ts";
import { listed, shown, type Violations } from "./violation.ts";
import { judgeDriver, judgeVolumeName } from "./volumes.ts";

const propagations: readonly string[] = ["shared", "rshared", "slave", "rslave", "private", "rprivate"];
const otherModes: readonly string[] = ["ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated", ""];

/** Everything that a container gets from outside its image: Binds, Mounts, VolumesFrom, VolumeDriver. */
export function* judgeMounts(rules: Rules, host: Fields, resolve: ResolvePath): Violations {
  for (const bind of textsOf(host, "Binds")) yield* judgeBindText(rules, bind, resolve);
  for (const mount of listOf(host, "Mounts")) yield* judgeMount(rules, mount, resolve);
  for (const from of textsOf(host, "VolumesFrom")) {
    const name = from.split(":")[0] ?? "";
    if (matchesAny(name, rules.volumes.from)) continue;
    yield {
      rule: "volumes",
      message: `The volumes of ${shown(name)} are not allowed; allowed are those of: ${listed(rules.volumes.from)}.`,
    };
  }
  const driver = textOf(host, "VolumeDriver");
  if (driver !== "") yield* judgeDriver(rules, driver, {}, resolve);
}

/** `SOURCE:TARGET[:MODE]`, or `TARGET[:MODE]`, which is a volume without a name (moby, volume/mounts/linux_parser.go). */
function* judgeBindText(rules: Rules, text: string, resolve: ResolvePath): Violations {
  const [source = "", target, mode = "", ...more] = text.split(":");
  if (target === undefined || (isMode(target) && mode === "" && more.length === 0)) {
    if (!source.startsWith("/")) yield { rule: "binds", message: `${shown(text)} is no mount.` };
    return;
  }
  const modes = mode.split(",");
  const strange = modes.find((word) => !otherModes.includes(word) && !propagations.includes(word));
  if (more.length > 0 || strange !== undefined || !target.startsWith("/")) {
    yield { rule: "binds", message: `${shown(text)} is no mount that this policy can read.` };
  } else if (source.startsWith("/")) {
    yield* judgeKind(rules, "bind");
    const propagation = modes.find((word) => propagations.includes(word)) ?? "";
    yield* judgeBind(rules, { source, readOnly: modes.includes("ro"), propagation }, resolve);
  } else {
    yield* judgeKind(rules, "volume");
    if (source === "") yield { rule: "volumes", message: `${shown(text)} names no volume.` };
    yield* judgeVolumeName(rules, source);
  }
}

/** What the engine takes for a mode instead of a target. */
function isMode(word: string): boolean {
  return word.split(",").every((part) => otherModes.includes(part) || propagations.includes(part));
}

function* judgeMount(rules: Rules, mount: Fields, resolve: ResolvePath): Violations {
  const type = textOf(mount, "Type");
  const source = textOf(mount, "Source");
  const bind = fieldsOf(mount, "BindOptions");
  const propagation = textOf(bind, "Propagation");
  yield* judgeKind(rules, type);
  if (type === "bind") {
    const readOnly = flagOf(mount, "ReadOnly") && !flagOf(bind, "ReadOnlyNonRecursive");
    yield* judgeBind(rules, { source, readOnly, propagation }, resolve);
  } else if (propagation !== "") yield { rule: "mounts", message: `A mount of the type ${shown(type)} has no propagation.` };
  if (type === "image") yield* judgeImage(rules, source);
  if (type !== "volume") return;
  const driver = fieldsOf(fieldsOf(mount, "VolumeOptions"), "DriverConfig");
  yield* judgeVolumeName(rules, source);
  yield* judgeDriver(rules, textOf(driver, "Name"), mapOf(driver, "Options"), resolve);
}

function* judgeKind(rules: Rules, type: string): Violations {
  if (!rules.mounts.includes(type)) {
    yield { rule: "mounts", message: `A mount of the type ${shown(type)} is not allowed; allowed: ${listed(rules.mounts)}.` };
  }
}

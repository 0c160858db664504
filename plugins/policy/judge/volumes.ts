import { matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { judgeBind } from "./binds.ts";
import { type Fields, mapOf, textOf } from "./fields.ts";
import type { ResolvePath } from "./host.ts";
import { listed, shown, type Violations } from "./violation.ts";

const optionsOfLocal: readonly string[] = ["type", "device", "o", "size"];
const plainFlag =
  /^(?:r?bind|ro|rw|no(?:suid|dev|exec|atime|diratime)|(?:rel|strict)atime|(?:size|mode|uid|gid|nr_inodes|nr_blocks)=[\w%]*|)$/;
const movingFlag = /^(?:r?bind|move|remount|r?(?:shared|slave|private|unbindable))$/i;

/** A volume that is made by itself or with a container. */
export function* judgeVolume(rules: Rules, volume: Fields, resolve: ResolvePath): Violations {
  yield* judgeVolumeName(rules, textOf(volume, "Name"));
  yield* judgeDriver(rules, textOf(volume, "Driver"), mapOf(volume, "DriverOpts"), resolve);
  const cluster = volume["ClusterVolumeSpec"];
  if (cluster !== undefined && cluster !== null && !rules.mounts.includes("cluster")) {
    yield { rule: "mounts", message: "Cluster volumes are not allowed." };
  }
}

/** Names are the engine's; whatever else stands in their place might be read as a path. */
export function* judgeVolumeName(rules: Rules, name: string): Violations {
  if (name === "") return;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) yield { rule: "volumes", message: `${shown(name)} is no volume's name.` };
  else if (!matchesAny(name, rules.volumes.names)) {
    yield { rule: "volumes", message: `The volume ${name} is not allowed; allowed: ${listed(rules.volumes.names)}.` };
  }
}

/** The driver `local` mounts whatever it is told to: another folder of the host, a disk, a share. */
export function* judgeDriver(rules: Rules, driver: string, options: Readonly<Record<string, string>>, resolve: ResolvePath): Violations {
  const { drivers, types } = rules.volumes;
  const name = driver === "" ? "local" : driver;
  if (!matchesAny(name, drivers)) {
    yield { rule: "volumes", message: `The volume driver ${shown(name)} is not allowed; allowed: ${listed(drivers)}.` };
    return;
  }
  if (name !== "local") return;
  const strange = Object.keys(options).find((key) => !optionsOfLocal.includes(key));
  if (strange !== undefined) {
    yield {
      rule: "volumes",
      message: `The option ${shown(strange)} of the driver local is not allowed; allowed: ${listed(optionsOfLocal)}.`,
    };
    return;
  }
  const { type = "", device = "", o = "" } = options;
  if (type === "" && device === "" && o === "") return;
  const flags = o.split(",");
  if (flags.includes("bind") || flags.includes("rbind")) {
    yield* plainFlags(flags);
    yield* judgeBind(rules, { source: device, readOnly: flags.includes("ro"), propagation: "" }, resolve);
  } else if (!matchesAny(type, types)) {
    yield { rule: "volumes", message: `A volume of the type ${shown(type)} is not allowed; allowed: ${listed(types)}.` };
  } else if (type === "tmpfs") yield* plainFlags(flags);
  else {
    const moving = flags.find((flag) => movingFlag.test(flag.trim()));
    if (moving !== undefined) yield { rule: "volumes", message: `The mount option ${shown(moving)} is not allowed.` };
  }
}

function* plainFlags(flags: readonly string[]): Violations {
  const strange = flags.find((flag) => !plainFlag.test(flag));
  if (strange !== undefined) yield { rule: "volumes", message: `The mount option ${shown(strange)} is not allowed.` };
}

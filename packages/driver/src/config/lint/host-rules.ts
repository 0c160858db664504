import { nearest } from "@outrigger/plugin";
import type { PluginConfig } from "../plugin-config.ts";
import { defaultCapabilities, linuxCapabilities } from "./capabilities.ts";
import { failure, type PlainFinding, warning } from "./finding.ts";

/** What the configuration asks of the host. */
export function* hostRules(config: PluginConfig): Generator<PlainFinding> {
  yield* networkRules(config.Network.Type);
  yield* mountRules(config);
  yield* deviceRules(config);
  yield* capabilityRules(config);
  if (config.IpcHost) yield warning(["IpcHost"], "wrong-value", "It asks for the host's IPC: a privilege that every user has to grant.");
  if (config.PidHost)
    yield warning(["PidHost"], "wrong-value", "It asks to see the host's processes: a privilege that every user has to grant.");
  if ((config.User.UID ?? 0) !== 0 || (config.User.GID ?? 0) !== 0) {
    yield warning(["User"], "wrong-value", "A Docker Engine ignores the user and runs the driver as root; our own host does as it says.", {
      found: `${config.User.UID ?? 0}:${config.User.GID ?? 0}`,
    });
  }
  if (config.WorkDir !== "" && !config.WorkDir.startsWith("/")) {
    yield failure(["WorkDir"], "wrong-value", "The working directory is no absolute path.", {
      found: config.WorkDir,
      expected: "e.g. /data",
    });
  }
  const propagated = config.PropagatedMount;
  if (propagated === "") return;
  if (!propagated.startsWith("/") || /^\/+$/.test(propagated) || propagated.split("/").includes("..")) {
    const words = { found: propagated, expected: "an absolute path below /, e.g. /data" };
    yield failure(["PropagatedMount"], "wrong-value", "The propagated mount is a folder inside the driver.", words);
  } else if ("/run/docker/plugins/".startsWith(`${propagated.replace(/\/+$/, "")}/`)) {
    const message =
      "The engine mounts the socket's folder in the propagated mount and leaves it there, so it can't start the driver again after a crash (measured on 20.10).";
    yield warning(["PropagatedMount"], "conflict", message, {
      found: propagated,
      expected: "a folder that does not hold /run/docker/plugins",
    });
  }
}

function* networkRules(type: string): Generator<PlainFinding> {
  if (type === "" || type === "host") return;
  const path = ["Network", "Type"];
  const expected = '"host", or "" for loopback only';
  if (type === "none") {
    const message =
      'The network "none" gives loopback only, yet is a privilege that every user has to grant; "" gives the same for nothing.';
    yield warning(path, "wrong-value", message, { found: type, expected });
  } else {
    const message = `There is no network ${JSON.stringify(type)} for plug-ins: whatever is not "host" gives loopback only.`;
    yield warning(path, "wrong-value", message, { found: type, expected });
  }
}

function* mountRules({ Mounts, PropagatedMount }: PluginConfig): Generator<PlainFinding> {
  for (const [index, mount] of (Mounts ?? []).entries()) {
    const path = ["Mounts", index];
    yield* sourceRules(mount.Source, mount.Settable, [...path, "Source"], "mount");
    if (!mount.Destination.startsWith("/")) {
      yield warning([...path, "Destination"], "wrong-value", "A mount's destination is no absolute path; newer runtimes refuse that.", {
        found: mount.Destination,
      });
    } else if (PropagatedMount !== "" && mount.Destination === PropagatedMount) {
      yield warning([...path, "Destination"], "conflict", "This mount lies over the propagated mount.", { found: mount.Destination });
    }
    const binds = (mount.Options ?? []).some((option) => option === "bind" || option === "rbind");
    if ((mount.Type === "bind" || mount.Type === "" || mount.Type === "none") && !binds) {
      yield failure([...path, "Options"], "missing-key", 'A mount of the type "bind" needs the option bind or rbind.', {
        expected: '["rbind"]',
      });
    }
  }
}

function* deviceRules({ Linux, Mounts }: PluginConfig): Generator<PlainFinding> {
  for (const [index, { Path, Settable }] of (Linux.Devices ?? []).entries()) {
    const path = ["Linux", "Devices", index, "Path"];
    yield* sourceRules(Path, Settable, path, "device");
    if (Path !== null && Path !== "" && !Path.startsWith("/"))
      yield failure(path, "wrong-value", "A device's path is not absolute.", { found: Path });
  }
  const seesDevices = (Mounts ?? []).some(({ Destination }) => Destination === "/dev" || Destination.startsWith("/dev/"));
  if (!Linux.AllowAllDevices || seesDevices) return;
  yield warning(["Linux", "AllowAllDevices"], "wrong-value", "It may use all devices, but sees none of the host's.", {
    hint: "Mount the host's /dev, too, or name single devices.",
  });
}

function* sourceRules(
  source: string | null,
  settable: readonly string[] | null,
  path: readonly PropertyKey[],
  what: string,
): Generator<PlainFinding> {
  if (source !== null && source !== "") return;
  const message = `This ${what} has no ${String(path.at(-1)).toLowerCase()}`;
  if ((settable ?? []).length === 0) yield failure(path, "value-required", `${message} and can't be set, so the driver never starts.`);
  else yield warning(path, "value-required", `${message}: the driver starts only after \`docker plugin set\`.`);
}

function* capabilityRules({ Linux }: PluginConfig): Generator<PlainFinding> {
  for (const [index, name] of (Linux.Capabilities ?? []).entries()) {
    const path = ["Linux", "Capabilities", index];
    if (!linuxCapabilities.includes(name)) {
      const meant = nearest(name.toUpperCase().replace(/^(?!CAP_)/, "CAP_"), linuxCapabilities);
      yield failure(path, "wrong-value", `There is no capability ${JSON.stringify(name)}; the runtime drops it without a word.`, {
        found: name,
        expected: "e.g. CAP_NET_ADMIN",
        ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
      });
    } else if (defaultCapabilities.includes(name)) {
      yield warning(path, "wrong-value", `Every driver has ${name}; asking for it only makes a privilege to grant.`, {
        found: name,
        hint: "Remove it.",
      });
    }
  }
}

import { interfacePattern, nearest, socketProblem } from "@outrigger/plugin";
import type { PluginConfig } from "../plugin-config.ts";
import { failure, type PlainFinding, warning } from "./finding.ts";

/** What an engine asks plug-ins for (moby, 20.10 to 29). */
const capabilities = [
  "authz",
  "csicontroller",
  "csinode",
  "ipamdriver",
  "logdriver",
  "metricscollector",
  "networkdriver",
  "secretprovider",
  "volumedriver",
];
const httpScheme = "moby.plugins.http/v1";

export function* interfaceRules(config: PluginConfig): Generator<PlainFinding> {
  const types = config.Interface.Types ?? [];
  const path = ["Interface", "Types"];
  if (types.length === 0) {
    yield failure(path, "missing-key", "It serves no interface, so no engine would ever call it.", {
      expected: "at least one, e.g. docker.volumedriver/1.0",
    });
  }
  for (const [index, type] of types.entries()) yield* typeRules(type, [...path, index], types.indexOf(type) < index);
  if (types.length > 1) {
    yield warning(path, "wrong-value", `With ${types.length} interfaces, \`docker plugin ls --filter capability=...\` never lists it.`, {
      found: types.join(", "),
      hint: "It works all the same: an engine's filter asks that every interface be the one named.",
    });
  }
  const wrong = socketProblem(config.Interface.Socket);
  if (wrong !== undefined) yield { ...wrong, severity: "error", path: ["Interface", "Socket"] };
  yield* schemeRules(config, types);
  yield* purposeRules(config, types);
}

function* typeRules(type: string, path: readonly PropertyKey[], twice: boolean): Generator<PlainFinding> {
  if (twice) yield warning(path, "duplicate-name", `The interface ${type} stands twice.`, { found: type, hint: "Remove one." });
  if (!interfacePattern.test(type)) {
    yield failure(path, "wrong-value", `${JSON.stringify(type)} is no interface; an engine takes it apart as PREFIX.CAPABILITY/VERSION.`, {
      found: type,
      expected: "e.g. docker.volumedriver/1.0, in lower case",
      ...(interfacePattern.test(type.toLowerCase()) ? { hint: `Write ${type.toLowerCase()}.` } : {}),
    });
    return;
  }
  const [name = "", version] = type.split("/");
  const capability = name.slice(name.lastIndexOf(".") + 1);
  if (!name.startsWith("docker.") || name !== `docker.${capability}`) {
    yield warning(path, "wrong-value", `An engine looks for interfaces that begin with "docker." only.`, {
      found: type,
      expected: `docker.${capability}/1.0`,
    });
  } else if (capability === "graphdriver") {
    yield warning(path, "wrong-value", "Engines have no graph drivers since version 28.", { found: type });
  } else if (!capabilities.includes(capability)) {
    const meant = nearest(capability, capabilities);
    yield warning(path, "wrong-value", `No engine knows the capability ${JSON.stringify(capability)}.`, {
      found: type,
      expected: capabilities.join(", "),
      ...(meant === undefined ? {} : { hint: `Did you mean docker.${meant}/1.0?` }),
    });
  }
  if (version !== "1.0") {
    yield warning(path, "wrong-value", "Engines know version 1.0 of every interface, and compare it.", {
      found: type,
      expected: `${name}/1.0`,
    });
  }
}

function* schemeRules(config: PluginConfig, types: readonly string[]): Generator<PlainFinding> {
  const scheme = config.Interface.ProtocolScheme ?? "";
  if (scheme === "" || scheme === httpScheme) return;
  const words = { found: scheme, expected: `"" or ${httpScheme}` };
  const path = ["Interface", "ProtocolScheme"];
  const calls = types.filter((type) => !type.startsWith("docker.csi"));
  if (calls.length === 0) return;
  yield failure(path, "wrong-value", `With this protocol an engine makes no HTTP client, so ${calls.join(", ")} can't be called.`, words);
}

function* purposeRules(config: PluginConfig, types: readonly string[]): Generator<PlainFinding> {
  const serves = (capability: string): boolean => types.some((type) => type.startsWith(`docker.${capability}/`));
  if (serves("volumedriver") && config.PropagatedMount === "") {
    yield warning(
      ["PropagatedMount"],
      "missing-key",
      "Without a propagated mount, containers do not see what the driver mounts, and an upgrade removes what it has written.",
      { expected: "the folder under which its volumes lie, e.g. /data" },
    );
  }
  if (!serves("logdriver")) return;
  for (const [index, { Destination }] of (config.Mounts ?? []).entries()) {
    if (!["/run", "/run/docker", "/run/docker/logging"].includes(Destination.replace(/\/+$/, ""))) continue;
    yield failure(
      ["Mounts", index, "Destination"],
      "conflict",
      "This mount hides /run/docker/logging, where the engine puts the pipes that a log driver reads.",
      { found: Destination },
    );
  }
}

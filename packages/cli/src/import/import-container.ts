import { asRecord, cpuPattern, memoryPattern } from "@outrigger/plugin";
import type { Fields, FoundContainer, Leftover } from "./find-container.ts";
import { importMounts } from "./mounts.ts";
import { importProbes } from "./probes.ts";
import { type ImportedItem, importVariables } from "./variables.ts";

/** A plug-in made from a container, ready to be written. */
export interface ImportedPlugin {
  readonly name: string;
  readonly version: string;
  readonly type: "general" | "init";
  /** `spec.pod` of plugin.yaml. */
  readonly pod: Fields;
  readonly items: readonly ImportedItem[];
  /** Everything of the template that has no place in plugin.yaml. */
  readonly leftovers: readonly Leftover[];
}

type Report = (path: string, reason: string) => void;

/** Why fields that can't be imported have no place; all others are named without a reason of their own. */
const reasons: Readonly<Record<string, string>> = {
  ports: "a plug-in shares the pod's network; its ports need no declaration",
  lifecycle: "a plug-in has no lifecycle hooks; do it in its program",
  imagePullPolicy: "the server pulls an image when a version is built, and never again",
  restartPolicy: "a sidecar is always restarted, an init plug-in is tried again until it ends with 0",
  hostNetwork: "a plug-in has the network of its component's pod",
  serviceAccountName: "there are no service accounts",
};

const handled = new Set([
  ...["name", "image", "command", "args", "workingDir", "env", "envFrom", "resources", "volumeMounts", "securityContext"],
  ...["livenessProbe", "readinessProbe", "startupProbe"],
]);
const handledInPod = new Set(["containers", "initContainers", "volumes", "terminationGracePeriodSeconds"]);

/** Turns a container into a plug-in; pure, and total over whatever a template holds. */
export function importContainer(found: FoundContainer, named: { readonly name: string; readonly version: string }): ImportedPlugin {
  const { container, path, pod, podPath } = found;
  const leftovers: Leftover[] = [];
  const report: Report = (at, reason) => leftovers.push({ path: at, reason });
  // In Kubernetes an init container that always restarts is a sidecar that starts first.
  const isInit = found.list === "initContainers" && container["restartPolicy"] !== "Always";
  for (const key of Object.keys(container))
    if (!handled.has(key)) report(`${path}.${key}`, reasons[key] ?? "plugin.yaml has no such setting");
  for (const key of Object.keys(pod))
    if (!handledInPod.has(key)) report(`${podPath}.${key}`, reasons[key] ?? "it belongs to the pod, not to one container");
  for (const other of found.others) report(other.path, `the container ${String(other.container["name"])} is not the one imported`);
  const variables = importVariables(found);
  const mounts = importMounts(found);
  const { probes, leftovers: ofProbes } = importProbes(found, isInit);
  const grace = pod["terminationGracePeriodSeconds"];
  return {
    ...named,
    type: isInit ? "init" : "general",
    pod: {
      type: isInit ? "init" : "general",
      source: { image: String(container["image"] ?? "") },
      ...strings(container, "command", path, report),
      ...strings(container, "args", path, report),
      ...(typeof container["workingDir"] === "string" ? { workingDir: container["workingDir"] } : {}),
      ...importResources(asRecord(container["resources"]), `${path}.resources`, report),
      ...probes,
      ...importSecurity(asRecord(container["securityContext"]), `${path}.securityContext`, report),
      mounts: { share: mounts.share.map(({ name, readOnly }) => (readOnly ? { name, readOnly } : name)) },
      ...(mounts.volumes.length === 0 ? {} : { volumes: mounts.volumes }),
      ...(typeof grace === "number" ? { terminationGracePeriodSeconds: grace } : {}),
    },
    items: variables.items,
    leftovers: [...variables.leftovers, ...mounts.leftovers, ...ofProbes, ...leftovers, ...found.around],
  };
}

function strings(container: Fields, key: "command" | "args", path: string, report: Report): Fields {
  const list = container[key];
  if (!Array.isArray(list)) return {};
  if (list.some((word) => /\$\([\w.-]+\)/.test(String(word))))
    report(`${path}.${key}`, "$(NAME) is not expanded; let a shell expand $NAME");
  return { [key]: list.map(String) };
}

function importResources(resources: Fields, path: string, report: Report): Fields {
  const amounts = (side: "limits" | "requests"): Fields =>
    Object.fromEntries(
      Object.entries(asRecord(resources[side])).flatMap(([name, value]) => {
        const pattern = name === "memory" ? memoryPattern : name === "cpu" ? cpuPattern : undefined;
        if (pattern?.test(String(value))) return [[name, String(value)]];
        report(
          `${path}.${side}.${name}`,
          pattern === undefined
            ? "plug-ins have memory and CPU only"
            : `${String(value)} is an amount in a form that plugin.yaml does not know`,
        );
        return [];
      }),
    );
  for (const key of Object.keys(resources))
    if (key !== "limits" && key !== "requests") report(`${path}.${key}`, "plugin.yaml has no such setting");
  const sides = Object.entries({ requests: amounts("requests"), limits: amounts("limits") }).filter(
    ([, amount]) => Object.keys(amount).length > 0,
  );
  return sides.length === 0 ? {} : { resources: Object.fromEntries(sides) };
}

const keptSecurity = ["privileged", "runAsUser", "runAsGroup", "readOnlyRootFilesystem"];

function importSecurity(context: Fields, path: string, report: Report): Fields {
  const security: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(context)) {
    if (keptSecurity.includes(key)) security[key] = value;
    else if (key === "capabilities") security[key] = importCapabilities(asRecord(value), `${path}.capabilities`, report);
    else report(`${path}.${key}`, "plugin.yaml has no such setting; plug-ins can't gain privileges anyway");
  }
  return Object.keys(security).length === 0 ? {} : { securityContext: security };
}

function importCapabilities(capabilities: Fields, path: string, report: Report): Fields {
  return Object.fromEntries(
    Object.entries(capabilities).flatMap(([key, list]) => {
      if ((key === "add" || key === "drop") && Array.isArray(list)) return [[key, list.map((name) => String(name).replace(/^CAP_/, ""))]];
      report(`${path}.${key}`, "plugin.yaml has no such setting");
      return [];
    }),
  );
}

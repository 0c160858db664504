import { asRecord, asRecords } from "@outrigger/plugin";
import type { Fields, FoundContainer, Leftover } from "./find-container.ts";

/** What each probe of a container is called in plugin.yaml. */
const names: Readonly<Record<string, string>> = { livenessProbe: "liveness", readinessProbe: "readiness", startupProbe: "startup" };
const times = ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"];
const checks: Readonly<Record<string, readonly string[]>> = { exec: ["command"], httpGet: ["path", "port", "scheme"], tcpSocket: ["port"] };

/** Copies the probes that plugin.yaml can hold, with port names resolved. */
export function importProbes(found: FoundContainer, isInit: boolean): { readonly probes: Fields; readonly leftovers: readonly Leftover[] } {
  const probes: Record<string, unknown> = {};
  const leftovers: Leftover[] = [];
  for (const [field, name] of Object.entries(names)) {
    if (found.container[field] === undefined) continue;
    const path = `${found.path}.${field}`;
    if (isInit) {
      leftovers.push({ path, reason: "an init plug-in has no probes: it is done when it ends with 0" });
      continue;
    }
    const probe = importProbe(found, asRecord(found.container[field]), path, leftovers);
    if (probe !== undefined) probes[name] = probe;
  }
  return { probes, leftovers };
}

function importProbe(found: FoundContainer, probe: Fields, path: string, leftovers: Leftover[]): Fields | undefined {
  const kind = Object.keys(checks).find((each) => probe[each] !== undefined);
  if (kind === undefined) {
    leftovers.push({
      path,
      reason: `its check (${Object.keys(probe).find((key) => !times.includes(key)) ?? "none"}) is not exec, httpGet or tcpSocket`,
    });
    return undefined;
  }
  const check = asRecord(probe[kind]);
  for (const key of Object.keys(probe)) {
    if (key !== kind && !times.includes(key)) leftovers.push({ path: `${path}.${key}`, reason: "probes have no such setting" });
  }
  for (const key of Object.keys(check)) {
    if (!checks[kind]?.includes(key))
      leftovers.push({ path: `${path}.${kind}.${key}`, reason: "the pod itself is asked, with plain requests" });
  }
  const settings = Object.fromEntries((checks[kind] ?? []).flatMap((key) => (check[key] === undefined ? [] : [[key, check[key]]])));
  if (settings["port"] !== undefined) {
    const port = portNumber(found.container, settings["port"]);
    if (port === undefined) {
      leftovers.push({
        path: `${path}.${kind}.port`,
        reason: `the container has no port ${String(settings["port"])}, so the probe is left out`,
      });
      return undefined;
    }
    settings["port"] = port;
  }
  return { [kind]: settings, ...Object.fromEntries(times.flatMap((key) => (probe[key] === undefined ? [] : [[key, probe[key]]]))) };
}

function portNumber(container: Fields, port: unknown): number | undefined {
  if (/^\d+$/.test(String(port))) return Number(port);
  const found = asRecords(container["ports"]).find((each) => each["name"] === port)?.["containerPort"];
  return typeof found === "number" ? found : undefined;
}

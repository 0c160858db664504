import { matchesAny, matchesGlob } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { type Fields, listOf, textOf, textsOf } from "./fields.ts";
import { cleanPath, type ResolvePath } from "./host.ts";
import { listed, shown, type Violations } from "./violation.ts";

/** Devices of the host, rules about them, and devices that a driver brings. */
export function* judgeDevices(rules: Rules, host: Fields, resolve: ResolvePath): Violations {
  for (const device of listOf(host, "Devices")) yield* judgeDevice(rules, device, resolve);
  for (const rule of textsOf(host, "DeviceCgroupRules")) {
    const plain = rule.trim().replace(/\s+/g, " ");
    if (matchesAny(plain, rules.deviceCgroupRules)) continue;
    yield {
      rule: "deviceCgroupRules",
      message: `The device rule ${shown(plain)} is not allowed; allowed: ${listed(rules.deviceCgroupRules)}.`,
    };
  }
  for (const request of listOf(host, "DeviceRequests")) {
    const strange = namesOf(request).find((name) => !matchesAny(name, rules.deviceRequests));
    if (strange === undefined) continue;
    yield { rule: "deviceRequests", message: `The device ${shown(strange)} is not allowed; allowed: ${listed(rules.deviceRequests)}.` };
  }
}

function* judgeDevice(rules: Rules, device: Fields, resolve: ResolvePath): Violations {
  const path = textOf(device, "PathOnHost");
  const clean = cleanPath(path);
  const real = rules.binds.resolve ? resolve(clean) : clean;
  const permissions = textOf(device, "CgroupPermissions") || "rwm";
  const places = rules.devices.filter(
    (place) => matchesGlob(clean, place.path) && real !== null && (real === clean || matchesGlob(real, place.path)),
  );
  if (places.length === 0) {
    const leads = real === clean ? "" : ` (which is ${real ?? "unknown"})`;
    yield {
      rule: "devices",
      message: `The device ${shown(path)}${leads} is not allowed; allowed: ${listed(rules.devices.map((place) => place.path))}.`,
    };
  } else if (!places.some((place) => [...permissions].every((letter) => place.permissions.includes(letter)))) {
    yield {
      rule: "devices",
      message: `The permissions ${permissions} for ${path} are more than allowed.`,
      hint: "Ask for fewer of r, w and m.",
    };
  }
}

/** What a request for devices is known by: each CDI name, the driver, and the capabilities. */
function namesOf(request: Fields): readonly string[] {
  const ids = textsOf(request, "DeviceIDs").filter((id) => id.includes("/"));
  const driver = textOf(request, "Driver");
  const sets = request["Capabilities"];
  const capabilities = Array.isArray(sets) ? sets.flat().map(String) : [];
  const names = [...ids, ...capabilities, ...(driver === "" || driver === "cdi" ? [] : [driver])];
  return names.length === 0 ? ["unnamed"] : names;
}

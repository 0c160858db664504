import { posix } from "node:path";
import { parseJson, stringifyJson } from "@outrigger/sdk";

/** Where a driver's paths are on this machine. */
export interface InsideOut {
  readonly rootfs: string;
  /** The configuration's; empty for none. */
  readonly propagatedMount: string;
  readonly propagated: string;
  /** Reads a link of this machine; undefined for what is none. */
  readonly readLink: (path: string) => string | undefined;
  /** True where something is mounted at exactly this path. */
  readonly isMounted: (path: string) => boolean;
}

const mostLinks = 40;

/**
 * A path inside a driver as the same place on this machine. `..` and links stay inside the driver's own files, as they do for the driver itself; what is not
 * absolute, or leads in circles, gives undefined. Below something that the driver has mounted links are not followed: who may mount needs no links to get out,
 * and looking there could hang.
 */
export function hostPath(inside: string, driver: InsideOut): string | undefined {
  if (!inside.startsWith("/") || inside.includes("\0")) return undefined;
  let todo = posix
    .normalize(inside)
    .split("/")
    .filter((part) => part !== "");
  let done: readonly string[] = [];
  let isBelowMount = false;
  for (let links = 0; todo.length > 0; ) {
    const [part = "", ...rest] = todo;
    todo = rest;
    const next = [...done, part];
    const place = outside(next, driver);
    const link = isBelowMount ? undefined : driver.readLink(place);
    if (link === undefined) {
      done = next;
      isBelowMount ||= place !== driver.propagated && driver.isMounted(place);
      continue;
    }
    links += 1;
    if (links > mostLinks) return undefined;
    const target = posix.resolve("/", ...done, link);
    todo = [...target.split("/").filter((each) => each !== ""), ...todo];
    done = [];
  }
  return outside(done, driver);
}

/** By path components: `/data-other` is not below `/data`. */
function outside(parts: readonly string[], { rootfs, propagatedMount, propagated }: InsideOut): string {
  const shared = propagatedMount.split("/").filter((part) => part !== "");
  const isShared = shared.length > 0 && shared.every((part, index) => parts[index] === part);
  return isShared ? posix.join(propagated, ...parts.slice(shared.length)) : posix.join(rootfs, ...parts);
}

/** The calls of a volume driver whose answers hold paths. */
export const answersWithPaths: readonly string[] = ["VolumeDriver.Mount", "VolumeDriver.Path", "VolumeDriver.Get", "VolumeDriver.List"];

/**
 * An answer with its mount points outside instead of inside. Without any it stays the same, byte for byte; undefined where a path can't be shown to an engine.
 * Keys count without case, as engines read them.
 */
export function outsideAnswer(bytes: Buffer, toHost: (inside: string) => string | undefined): Buffer | undefined {
  let answer: unknown;
  try {
    answer = parseJson(bytes.toString("utf8"));
  } catch {
    return bytes; // the engine says that it can't be read
  }
  let changed = false;
  let refused = false;
  const turn = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).map(([key, each]): readonly [string, unknown] => {
      const name = key.toLowerCase();
      if (name === "volume") return [key, turn(each)];
      if (name === "volumes" && Array.isArray(each)) return [key, each.map(turn)];
      if (name !== "mountpoint" || typeof each !== "string" || each === "") return [key, each];
      const path = toHost(each);
      changed = true;
      refused ||= path === undefined;
      return [key, path];
    });
    return Object.fromEntries(entries);
  };
  const turned = turn(answer);
  if (refused) return undefined;
  return changed ? Buffer.from(`${stringifyJson(turned)}\n`) : bytes;
}

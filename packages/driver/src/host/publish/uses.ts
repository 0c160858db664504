import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { asRecord } from "@outrigger/plugin";

/** Mounts and log streams that engines hold, kept in a file: they outlive the host. */
export interface Uses {
  readonly count: () => number;
  /** Takes an engine's call that has succeeded into account. */
  readonly record: (method: string, body: unknown) => void;
}

/** Which call takes hold of what, and which lets go. */
const changes: Readonly<Record<string, { readonly holds: boolean; readonly key: (body: Readonly<Record<string, unknown>>) => string }>> = {
  "VolumeDriver.Mount": { holds: true, key: mountKey },
  "VolumeDriver.Unmount": { holds: false, key: mountKey },
  "LogDriver.StartLogging": { holds: true, key: logKey },
  "LogDriver.StopLogging": { holds: false, key: logKey },
};

export function openUses(file: string): Uses {
  const held = new Set<string>(read(file));
  return {
    count: () => held.size,
    record: (method, body) => {
      const change = Object.hasOwn(changes, method) ? changes[method] : undefined;
      if (change === undefined) return;
      const key = change.key(asRecord(body));
      if (held.has(key) === change.holds) return;
      if (change.holds) held.add(key);
      else held.delete(key);
      writeFileSync(`${file}.draft`, JSON.stringify([...held]), { mode: 0o600 });
      renameSync(`${file}.draft`, file);
    },
  };
}

function mountKey(body: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(["mount", text(body, "Name"), text(body, "ID")]);
}

function logKey(body: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(["log", text(body, "File")]);
}

function text(body: Readonly<Record<string, unknown>>, key: string): string {
  const value = body[key];
  return typeof value === "string" ? value : "";
}

function read(file: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

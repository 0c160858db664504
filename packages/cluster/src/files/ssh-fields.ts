import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { asRecord, type PlainProblem } from "@outrigger/plugin";
import * as z from "zod";
import type { SecretSource, SshAccess } from "../model/host.ts";

/** `ssh` of a cluster or of one host; null is what YAML makes of an empty field. Secrets are checked apart, so that no message shows them. */
export interface WrittenSsh {
  readonly user?: string | null;
  readonly passwd?: unknown;
  readonly pk?: string | null;
  readonly pkPasswd?: unknown;
  readonly port?: string | number | null;
  readonly encrypted?: boolean | null;
}

export const sshField: z.ZodType<WrittenSsh> = z.strictObject({
  user: z.string().nullable().exactOptional(),
  passwd: z.unknown().optional(),
  pk: z.string().nullable().exactOptional(),
  pkPasswd: z.unknown().optional(),
  port: z.union([z.string(), z.int()]).nullable().exactOptional(),
  encrypted: z.boolean().nullable().exactOptional(),
});

/** What `ssh` gives; what it leaves open comes from the cluster's `ssh`, then from {@link completeAccess}. */
export interface GivenAccess {
  readonly user?: string;
  readonly port?: number;
  readonly password?: SecretSource;
  readonly keyPath?: string;
  readonly passphrase?: SecretSource;
}

export interface Sayings {
  readonly say: (problem: PlainProblem) => void;
  readonly warn: (problem: PlainProblem) => void;
}

/** @param file the Clusterfile: paths in it are relative to its folder */
export function accessOf(written: WrittenSsh | undefined, file: string, path: readonly PropertyKey[], sayings: Sayings): GivenAccess {
  if (written === undefined) return {};
  if (written.encrypted === true) sayings.say(encrypted([...path, "encrypted"]));
  const user = written.user || undefined;
  const port = portOf(written.port, [...path, "port"], sayings.say);
  const password = secretOf(written.passwd, file, [...path, "passwd"], sayings);
  const passphrase = secretOf(written.pkPasswd, file, [...path, "pkPasswd"], sayings);
  return {
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(password === undefined ? {} : { password }),
    ...(written.pk ? { keyPath: besideFile(written.pk, file) } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

export function completeAccess(given: GivenAccess): SshAccess {
  const { user = "root", port = 22, password, passphrase } = given;
  const keyPath = given.keyPath ?? (passphrase === undefined ? undefined : join(homedir(), ".ssh", "id_rsa"));
  return {
    user,
    port,
    ...(password === undefined ? {} : { password }),
    ...(keyPath === undefined ? {} : { key: { path: keyPath, ...(passphrase === undefined ? {} : { passphrase }) } }),
  };
}

function portOf(
  written: string | number | null | undefined,
  path: readonly PropertyKey[],
  say: (problem: PlainProblem) => void,
): number | undefined {
  if (written === undefined || written === null || written === "") return undefined;
  const port = Number(written);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  say({ path, code: "out-of-range", message: `${JSON.stringify(written)} is no port.`, found: String(written), expected: "1 to 65535" });
  return undefined;
}

/** `{ file: PATH }`, `{ env: NAME }`, `{ prompt: true }`, or the secret itself, of which no message shows anything. */
function secretOf(written: unknown, file: string, path: readonly PropertyKey[], { say, warn }: Sayings): SecretSource | undefined {
  if (written === undefined || written === null || written === "") return undefined;
  if (typeof written === "string") {
    warn(inClear(path));
    return { from: "text", text: written };
  }
  const [[key, value] = [], ...more] = Object.entries(asRecord(written));
  if (more.length === 0) {
    if (key === "file" && typeof value === "string" && value !== "") return { from: "file", path: besideFile(value, file) };
    if (key === "env" && typeof value === "string" && value !== "") return { from: "variable", name: value };
    if (key === "prompt" && value === true) return { from: "prompt" };
  }
  const expected = "{ prompt: true }, { file: PATH }, { env: NAME }, or a text in quotes";
  say({ path, code: "wrong-type", message: "This is no source of a secret.", expected, hint: `Write ${expected}.` });
  return undefined;
}

function besideFile(path: string, file: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(dirname(file), path);
}

function inClear(path: readonly PropertyKey[]): PlainProblem {
  return {
    path,
    code: "secret-in-clear",
    message: "A secret stands here in clear. It is used by this command and stored nowhere; later commands ask for it.",
    hint: "Write { prompt: true }, { file: PATH } or { env: NAME }; better still, use a key.",
  };
}

function encrypted(path: readonly PropertyKey[]): PlainProblem {
  return {
    path,
    code: "wrong-value",
    message: "Passwords that Sealer encrypted are not read: its key stands in its source code, so they are as good as in clear.",
    found: "true",
    expected: "false",
    hint: "Remove `encrypted`, and write passwd: { prompt: true }, { file: PATH } or { env: NAME }.",
  };
}

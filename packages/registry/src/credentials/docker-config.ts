import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { registryErrors } from "../errors.ts";
import { askHelper } from "./credential-helper.ts";
import { type Credentials, dockerHubKey } from "./credentials.ts";

const entryField = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
const configField = z.looseObject({
  auths: z.record(z.string(), entryField).nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});

type Entry = z.infer<typeof entryField>;

/** Where Docker, then Podman, keep credentials. */
export function credentialFiles(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const podman = env["XDG_RUNTIME_DIR"] ? [join(env["XDG_RUNTIME_DIR"], "containers", "auth.json")] : [];
  return [
    join(env["DOCKER_CONFIG"] || join(homedir(), ".docker"), "config.json"),
    ...(env["REGISTRY_AUTH_FILE"] ? [env["REGISTRY_AUTH_FILE"]] : podman),
    join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "containers", "auth.json"),
  ];
}

/**
 * Finds credentials as `docker login` and `podman login` leave them: the first file that has some for the registry.
 * @throws credentials-unreadable, credential-helper-failed
 */
export async function findDockerCredentials(
  registry: string,
  files: readonly string[] = credentialFiles(),
): Promise<Credentials | undefined> {
  for (const file of files) {
    const found = await fromFile(registry, file);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fromFile(registry: string, file: string): Promise<Credentials | undefined> {
  const config = await readConfig(file);
  if (config === undefined) return undefined;
  const helper = Object.entries(config.credHelpers ?? {}).find(([key]) => isKeyOf(key, registry))?.[1] ?? config.credsStore;
  if (helper) {
    const found = await askHelper(helper, registry === "docker.io" ? dockerHubKey : registry);
    if (found !== undefined) return found;
  }
  const entry = Object.entries(config.auths ?? {}).find(([key]) => isKeyOf(key, registry))?.[1];
  return entry === undefined ? undefined : credentialsOf(entry, file);
}

async function readConfig(file: string): Promise<z.infer<typeof configField> | undefined> {
  const wrong = (reason: string): Error => registryErrors["credentials-unreadable"]({ file, reason });
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw wrong(code ?? "it can't be read");
  }
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("it is not JSON"); // the parser's own words could quote a secret
  }
  const result = configField.safeParse(value);
  if (!result.success) throw wrong(`${result.error.issues[0]?.path.slice(0, 1).join(".") ?? ""} is not what Docker writes`);
  return result.data;
}

/** Keys are hosts, or addresses as older tools wrote them; Docker's own registry has several names. */
export function isKeyOf(key: string, registry: string): boolean {
  const host = key
    .replace(/^https?:\/\//, "")
    .replace(/\/(v[12]\/?)?$/, "")
    .toLowerCase();
  if (registry !== "docker.io") return host === registry;
  return host === "index.docker.io" || host === "docker.io" || host === "registry-1.docker.io";
}

function credentialsOf(entry: Entry, file: string): Credentials | undefined {
  if (entry.identitytoken) return { kind: "identity-token", token: entry.identitytoken };
  if (entry.registrytoken) return { kind: "registry-token", token: entry.registrytoken };
  if (entry.auth) {
    // Go's decoder leaves zero bytes behind the password of old files.
    const text = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = text.indexOf(":");
    if (colon < 1) throw registryErrors["credentials-unreadable"]({ file, reason: "an `auth` is not NAME:PASSWORD in base64" });
    return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (entry.username === undefined || entry.password === undefined) return undefined;
  return { kind: "password", username: entry.username, password: entry.password };
}

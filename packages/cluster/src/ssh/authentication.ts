import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { wordsOf } from "@outrigger/plugin";
import ssh2, { type AnyAuthMethod, type ParsedKey } from "ssh2";
import { clusterErrors } from "../errors.ts";
import type { Host, SecretSource } from "../model/host.ts";
import type { ConnectOptions } from "./connect-options.ts";

/** A way to log in, with its name for messages: `the password`, `the key /root/.ssh/id_ed25519`. */
export interface LoginMethod {
  readonly name: string;
  readonly method: AnyAuthMethod;
}

/** Everything that may let a user in, in the order in which it is tried, with what was found and can't be used. */
export interface LoginMethods {
  readonly methods: readonly LoginMethod[];
  readonly leftOut: readonly string[];
}

const usualKeys = ["id_ed25519", "id_ecdsa", "id_rsa"] as const;

/**
 * A key that is named, then the password; without both, the agent's keys and the usual files. A host takes six attempts, so nothing else is tried.
 *
 * @throws ssh-key-unusable for a key that is named
 */
export async function loginMethods(host: Host, options: ConnectOptions): Promise<LoginMethods> {
  const { user: username, key, password } = host.ssh;
  const methods: LoginMethod[] = [];
  const leftOut: string[] = [];
  if (key !== undefined) {
    const passphrase = key.passphrase && (await options.readSecret(key.passphrase, `the passphrase of ${key.path}`));
    methods.push({ name: `the key ${key.path}`, method: { type: "publickey", username, key: namedKey(key.path, passphrase) } });
  }
  if (password !== undefined) methods.push(...(await passwordMethods(username, host.ip, password, options)));
  if (methods.length > 0) return { methods, leftOut };
  const agent = options.agent ?? process.env["SSH_AUTH_SOCK"];
  if (typeof agent === "string" && agent !== "") methods.push({ name: `the agent ${agent}`, method: { type: "agent", username, agent } });
  const folder = options.keyFolder ?? join(homedir(), ".ssh");
  for (const name of folder === false ? [] : usualKeys) {
    const path = join(String(folder), name);
    if (!existsSync(path)) continue;
    const read = readKey(path, undefined);
    if (typeof read === "string") leftOut.push(`${path} (${read})`);
    else methods.push({ name: `the key ${path}`, method: { type: "publickey", username, key: read } });
  }
  return { methods, leftOut };
}

async function passwordMethods(
  username: string,
  ip: string,
  source: SecretSource,
  options: ConnectOptions,
): Promise<readonly LoginMethod[]> {
  const password = await options.readSecret(source, `the password of ${username}@${ip}`);
  return [
    { name: "the password", method: { type: "password", username, password } },
    {
      name: "the password, asked for by keyboard-interactive",
      method: {
        type: "keyboard-interactive",
        username,
        // Only a hidden answer is a password's; a question that shows its answer asks for something else.
        prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(({ echo }) => (echo === true ? "" : password))),
      },
    },
  ];
}

function namedKey(path: string, passphrase: string | undefined): ParsedKey {
  const read = readKey(path, passphrase);
  if (typeof read === "string") throw clusterErrors["ssh-key-unusable"]({ path, reason: read });
  return read;
}

/** A key, or why it can't be used. */
function readKey(path: string, passphrase: string | undefined): ParsedKey | string {
  let text: Buffer;
  try {
    text = readFileSync(path);
  } catch (error) {
    return wordsOf(error);
  }
  const parsed = ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined) return "it holds no key";
  if (key instanceof Error) {
    if (!/passphrase|decrypt|integrity|bad password/i.test(key.message)) return key.message;
    return passphrase === undefined ? "it has a passphrase" : "the passphrase is wrong";
  }
  return key.isPrivateKey() ? key : "it is a public key";
}

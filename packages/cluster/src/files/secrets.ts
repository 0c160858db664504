import { readFile, stat } from "node:fs/promises";
import { inspect } from "node:util";
import { isOutriggerError, wordsOf } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { SecretSource } from "../model/host.ts";

/** Asks a person without echo; undefined where nobody can be asked. */
export type AskSecret = (question: string) => Promise<string | undefined>;

/** A secret that is not printed by accident: only `text()` gives it. */
export interface Secret {
  readonly text: () => string;
}

/** Larger than any password or key. */
const largestSecret = 65_536;

/**
 * A file's last line break is no part of the secret.
 * @param question what is asked for, e.g. `The password of root on 10.0.0.2`
 * @throws secret-unreadable (no file, one that other users can read, no variable, nobody to ask, empty)
 */
export async function resolveSecret(source: SecretSource, question: string, ask: AskSecret): Promise<Secret> {
  const fail = (reason: string, cause?: unknown): Error => clusterErrors["secret-unreadable"]({ question, reason }, { cause });
  const text = await readSecret(source, question, ask, fail);
  if (text === "") throw fail("it is empty");
  return secretOf(text);
}

export function secretOf(text: string): Secret {
  const hidden = "(secret)";
  const secret = { text: () => text, toString: () => hidden, toJSON: () => hidden, [inspect.custom]: () => hidden };
  return Object.freeze(secret);
}

async function readSecret(
  source: SecretSource,
  question: string,
  ask: AskSecret,
  fail: (reason: string, cause?: unknown) => Error,
): Promise<string> {
  switch (source.from) {
    case "text":
      return source.text;
    case "variable": {
      const value = process.env[source.name];
      if (value === undefined) throw fail(`the variable ${source.name} is not set`);
      return value;
    }
    case "prompt": {
      const answer = await ask(question);
      if (answer === undefined) throw fail("there is no terminal to ask on");
      return answer;
    }
    case "file":
      return await readSecretFile(source.path, fail);
  }
}

async function readSecretFile(path: string, fail: (reason: string, cause?: unknown) => Error): Promise<string> {
  try {
    const { mode, size } = await stat(path);
    if ((mode & 0o007) !== 0) throw fail(`every user can use the file ${path}; run \`chmod 600 ${path}\``);
    if (size > largestSecret) throw fail(`the file ${path} has ${size} bytes, more than any secret`);
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    if (isOutriggerError(error)) throw error;
    throw fail(`the file ${path} can't be read (${wordsOf(error)})`, error);
  }
}

/** The value of an option such as `-p`: none asks, else `file:PATH` or `env:NAME`. @throws secret-in-argument */
export function parseSecretOption(option: string, value: string | undefined): SecretSource {
  if (value === undefined || value === "") return { from: "prompt" };
  const source = secretPlace(value);
  if (source === undefined) throw clusterErrors["secret-in-argument"]({ option });
  return source;
}

/** `file:PATH` or `env:NAME`: where a secret is, instead of the secret. */
export function secretPlace(text: string): SecretSource | undefined {
  const [, kind, rest = ""] = /^(file|env):(.+)$/.exec(text) ?? [];
  if (kind === "file") return { from: "file", path: rest };
  return kind === "env" ? { from: "variable", name: rest } : undefined;
}

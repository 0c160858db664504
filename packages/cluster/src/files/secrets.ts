import { clusterErrors } from "../errors.ts";
import type { SecretSource } from "../model/host.ts";

/** Asks a person without echo; undefined where nobody can be asked. */
export type AskSecret = (question: string) => Promise<string | undefined>;

/** A secret that doesn't print: `text()` gives it. */
export interface Secret {
  readonly text: () => string;
}

/** @throws secret-unreadable (no file, readable by others, no variable, nobody to ask) */
export async function resolveSecret(source: SecretSource, question: string, ask: AskSecret): Promise<Secret> {
  throw clusterErrors["not-built"]({ what: `resolveSecret ${source.from} ${question} ${typeof ask}` });
}

/** The value of `-p`: none asks, `file:PATH`, `env:NAME`. @throws secret-in-argument for anything else: processes' arguments are public */
export function parseSecretOption(option: string, value: string | undefined): SecretSource {
  throw clusterErrors["not-built"]({ what: `parseSecretOption ${option} ${value}` });
}

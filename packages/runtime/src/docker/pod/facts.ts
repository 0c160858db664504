import { networkInterfaces } from "node:os";
import { type PodFact, type PodKey, replicaName, type SecretReference, type Variable } from "@outrigger/pod";
import type { ReplicaKey } from "./names.ts";

/** What is known of the pod before its network is up; its address is known after. */
export type Facts = Readonly<Record<Exclude<PodFact, "pod.ip">, string>>;

/** @param gateway the host's address in the pod's network */
export function factsOf(key: ReplicaKey, nodeName: string, gateway: string): Facts {
  return {
    "pod.name": replicaName(key, key.replica),
    "pod.namespace": key.team,
    "node.name": nodeName,
    "node.ip": primaryAddress(),
    "discovery.host": gateway,
  };
}

/** The first IPv4 address of this machine that is not loopback's nor an engine bridge's; pods run beside us, on the same machine. */
export function primaryAddress(): string {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    /^(docker|br-|veth|cni)/.test(name) ? [] : (list ?? []).filter(({ family, internal }) => family === "IPv4" && !internal),
  );
  return addresses[0]?.address ?? "127.0.0.1";
}

export interface VariableSources {
  readonly key: PodKey;
  readonly facts: Facts;
  /** Asked for only where a variable needs it. */
  readonly address: () => Promise<string>;
  readonly secret: (key: PodKey, reference: SecretReference) => Promise<string>;
}

/** A variable with its text; `secret` texts go into the environment and nowhere else. */
export interface ResolvedVariable {
  readonly name: string;
  readonly text: string;
  readonly secret: boolean;
}

/** Fills in facts and secrets. */
export function resolveVariables(env: readonly Variable[], sources: VariableSources): Promise<readonly ResolvedVariable[]> {
  return Promise.all(
    env.map(async (variable): Promise<ResolvedVariable> => {
      const { name } = variable;
      if ("value" in variable) return { name, text: variable.value, secret: false };
      if ("secret" in variable) return { name, text: await sources.secret(sources.key, variable.secret), secret: true };
      const texts = await Promise.all(variable.parts.map((part) => (typeof part === "string" ? part : factText(part.fact, sources))));
      return { name, text: texts.join(""), secret: false };
    }),
  );
}

/** A fact in words. */
export function factText(fact: PodFact, { facts, address }: Pick<VariableSources, "facts" | "address">): string | Promise<string> {
  return fact === "pod.ip" ? address() : facts[fact];
}

/** Fills `$(NAME)` in a command as Kubernetes does: `$$(NAME)` stays `$(NAME)`, and so do unknown names. Secrets are never put into a command. */
export function expandCommand(words: readonly string[], env: readonly ResolvedVariable[]): readonly string[] {
  const texts = new Map(env.filter(({ secret }) => !secret).map(({ name, text }) => [name, text]));
  return words.map((word) =>
    word.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) =>
      name === undefined ? "$" : (texts.get(name) ?? whole),
    ),
  );
}

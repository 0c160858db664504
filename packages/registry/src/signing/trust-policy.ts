import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { manifestInvalid, readDocument, wordsOf } from "@outrigger/plugin";
import * as z from "zod";
import { registryErrors } from "../errors.ts";

/** What is asked of packages with these names. */
export interface TrustRule {
  /** `HOST/PATH` in full; `*` is part of a step, `**` any steps: `registry.example/tools/*`, `**`. */
  readonly name: string;
  readonly require: "signature" | "nothing";
  /** Files of public keys, beside the policy; any of them will do. */
  readonly keys: readonly string[];
}

/** Who is trusted for what: trust.yaml. */
export interface TrustPolicy {
  /** For messages: where it stands. */
  readonly file: string;
  /** The first rule that fits decides. */
  readonly rules: readonly TrustRule[];
  /** What is done with names that no rule fits. */
  readonly default: "allow" | "refuse";
}

const ruleField = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9*[][a-z0-9.:*_/[\]-]*$/, "A name is HOST/PATH in lower case, where * stands for a part and ** for any parts."),
    require: z.enum(["signature", "nothing"]),
    keys: z.array(z.string().min(1)).default([]),
  })
  .refine(
    ({ require, keys }) => (require === "signature") === keys.length > 0,
    "A rule that requires a signature, and only that, names keys.",
  );

const policyField = z.strictObject({
  apiVersion: z.literal("outrigger.dev/v1"),
  kind: z.literal("TrustPolicy"),
  default: z.enum(["allow", "refuse"]).default("allow"),
  rules: z.array(ruleField).default([]),
});

/** Where no file is: everything is allowed. */
export const noPolicy: TrustPolicy = { file: "no trust.yaml", rules: [], default: "allow" };

/**
 * The policy of this machine: the file that OUTRIGGER_TRUST names, else /etc/outrigger/trust.yaml, else ~/.config/outrigger/trust.yaml, else {@link noPolicy}.
 * @throws trust-policy-unreadable also when the named file is missing, manifest-invalid
 */
export async function readTrustPolicy(env: NodeJS.ProcessEnv = process.env): Promise<TrustPolicy> {
  const named = env["OUTRIGGER_TRUST"];
  if (named) return (await readPolicy(named)) ?? missing(named);
  const own = join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "outrigger", "trust.yaml");
  return (await readPolicy("/etc/outrigger/trust.yaml")) ?? (await readPolicy(own)) ?? noPolicy;
}

async function readPolicy(file: string): Promise<TrustPolicy | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw registryErrors["trust-policy-unreadable"]({ file, reason: wordsOf(error) }, { cause: error });
  }
  const reading = readDocument(text, file, policyField);
  if (!reading.ok) throw manifestInvalid(file, reading.problems);
  const { rules, default: otherwise } = reading.value.value;
  const folder = dirname(resolve(file));
  return { file, default: otherwise, rules: rules.map((rule) => ({ ...rule, keys: rule.keys.map((key) => resolve(folder, key)) })) };
}

function missing(file: string): never {
  throw registryErrors["trust-policy-unreadable"]({ file, reason: "it does not exist" });
}

/** The rule for a name such as `registry.example/tools/log`. Pure. */
export function ruleFor(policy: TrustPolicy, name: string): TrustRule | undefined {
  return policy.rules.find((rule) => matches(rule.name, name));
}

function matches(pattern: string, name: string): boolean {
  const steps = pattern.split("/").map((step) => (step === "**" ? "**" : step.split("*").map(RegExp.escape).join("[^/]*")));
  const text = steps.map((step, index) => {
    const last = index === steps.length - 1;
    if (step !== "**") return last ? step : `${step}/`;
    return last ? ".*" : "(?:[^/]+/)*";
  });
  return new RegExp(`^${text.join("")}$`).test(name);
}

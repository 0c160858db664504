import {
  type ContainerCreateRequest,
  defineEnginePlugin,
  type EnginePlugin,
  type HookContext,
  type HostConfig,
  refuse,
  type Settings,
} from "@outrigger/sdk";
import { limits, usualNames } from "./limits.ts";

interface Found {
  readonly variable: string;
  readonly text: string;
  readonly limit: string;
}

/** `{ MEMORY_LIMIT: "memory" }` from the settings. @throws Error for names that are none */
function namesOf(settings: Settings): Readonly<Record<string, string>> {
  const { prefix = "", names = "" } = settings["variables"] ?? {};
  const rows =
    names === ""
      ? Object.entries(usualNames)
      : String(names)
          .split(",")
          .map((row) => row.trim().split("=") as [string, string?]);
  return Object.fromEntries(
    rows.map(([name, limit = ""]) => {
      if (name === "" || !Object.hasOwn(limits, limit)) {
        throw new Error(
          `variables.names has ${JSON.stringify(`${name}=${limit}`)}; write NAME=LIMIT, where LIMIT is one of ${Object.keys(limits).join(", ")}.`,
        );
      }
      return [`${prefix}${name}`, limit];
    }),
  );
}

/** The variables that set limits; of those that stand twice the last counts, as in the container. */
function find(env: readonly string[], names: Readonly<Record<string, string>>): readonly Found[] {
  const found = new Map<string, Found>();
  for (const entry of env) {
    const at = entry.indexOf("=");
    const variable = at < 0 ? entry : entry.slice(0, at);
    const limit = Object.hasOwn(names, variable) ? names[variable] : undefined;
    if (at >= 0 && limit !== undefined) found.set(variable, { variable, text: entry.slice(at + 1), limit });
  }
  return [...found.values()];
}

function isGiven(host: HostConfig, field: keyof HostConfig): boolean {
  return ![undefined, null, 0, 0n, ""].includes(host[field] as never);
}

function apply(host: HostConfig, { variable, text, limit }: Found, { settings, door, warn }: HookContext): HostConfig {
  const { bad, given } = settings["behaviour"] ?? {};
  const rule = limits[limit];
  if (rule === undefined) return host;
  if (door === "service" && !rule.service) {
    warn(`${variable} has no meaning for a service and is left alone.`);
    return host;
  }
  const value = rule.parse(text.trim());
  if (value === undefined) {
    const message = `The variable ${variable} is ${JSON.stringify(text)}, which is not ${rule.expected}.`;
    if (bad === "refuse") throw refuse({ code: "bad-limit", status: 400, message, hint: `Mend or remove ${variable}.` });
    warn(`${message} It sets no limit.`);
    return host;
  }
  if (given === "keep" && [rule.field, ...rule.instead].some((field) => isGiven(host, field))) return host;
  const rest = Object.entries(host).filter(
    ([name]) => !(rule.instead.includes(name as keyof HostConfig) && isGiven(host, name as keyof HostConfig)),
  );
  return { ...Object.fromEntries(rest), [rule.field]: value };
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "env-to-limits",
  setUp({ settings }) {
    namesOf(settings);
  },
  hooks: {
    "container.preCreate"(input, context) {
      const env = input.body.Env ?? [];
      const names = namesOf(context.settings);
      const found = find(env, names);
      if (found.length === 0) return;
      const before: HostConfig = input.body.HostConfig ?? {};
      const HostConfig = found.reduce((host, each) => apply(host, each, context), before);
      const remove = context.settings["behaviour"]?.["remove"] === true;
      const body: ContainerCreateRequest = {
        ...input.body,
        ...(HostConfig === before ? {} : { HostConfig }),
        ...(remove ? { Env: env.filter((entry) => !Object.hasOwn(names, entry.split("=")[0] ?? "")) } : {}),
      };
      return { ...input, body };
    },
  },
});

export default plugin;

import type { Check } from "../check.ts";
import type { Probe } from "../probe.ts";

export const knownInterfaces: readonly string[] = [
  "VolumeDriver",
  "NetworkDriver",
  "IpamDriver",
  "authz",
  "LogDriver",
  "MetricsCollector",
  "SecretProvider",
  "GraphDriver",
];

export const activationChecks: readonly Check[] = [
  {
    id: "activation.answers",
    level: "MUST",
    title: "Plugin.Activate answers 200 with the list Implements.",
    because:
      "An engine finds a driver's socket and activates it before anything else; until it answers, whoever names it waits up to 15 s (all versions).",
    mend: 'Answer POST /Plugin.Activate with {"Implements":["VolumeDriver"]}; the request has no body and no Content-Type.',
    run: async (probe) => {
      const names = await activate(probe);
      probe.expect(names.length > 0, "Implements to name at least one interface", "it names none");
    },
  },
  {
    id: "activation.names-known",
    level: "SHOULD",
    title: "Every name in Implements is one that an engine knows.",
    because:
      "Names are compared whole and with their case; of a name that it does not know an engine makes nothing, and says nothing (all versions).",
    mend: `The names are ${knownInterfaces.join(", ")}.`,
    needs: "activation.answers",
    run: async (probe) => {
      const unknown = (await activate(probe)).filter((name) => !knownInterfaces.includes(name));
      probe.expect(unknown.length === 0, "known names only", `unknown: ${unknown.join(", ")}`);
    },
  },
  {
    id: "activation.repeated",
    level: "MUST",
    title: "Plugin.Activate answers the same again.",
    because: "Every start of an engine activates a driver that went on running anew, and so does every further engine (all versions).",
    mend: "Activation is a question, not a step: answer it any number of times.",
    needs: "activation.answers",
    run: async (probe) => {
      const [first, second] = [await activate(probe), await activate(probe)];
      probe.expect(first.join() === second.join(), `Implements to be ${first.join(", ")} again`, `it is ${second.join(", ")}`);
    },
  },
];

async function activate(probe: Probe): Promise<readonly string[]> {
  if (probe.session.managed) probe.skip("an engine never activates a managed plug-in: its config.json says what it implements");
  const names = probe.list(await probe.succeed("Plugin.Activate"), "Implements");
  const wrong = names.find((name) => typeof name !== "string");
  probe.expect(wrong === undefined, "Implements to hold strings", `it holds ${JSON.stringify(wrong)}`);
  return names.map(String);
}

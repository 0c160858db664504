import { defineEnginePlugin, type EnginePlugin, type HookContext, refuse } from "@outrigger/sdk";

type Labels = Readonly<Record<string, string>>;

/** What each label says of a request; undefined where nobody knows. */
const facts: Readonly<Record<string, (context: HookContext) => string | undefined>> = {
  user: ({ client, settings }) => client?.user ?? String(settings["labels"]?.["unknown"]),
  time: () => new Date().toISOString(),
  listener: ({ client }) => client?.listener,
  pid: ({ client }) => client?.process?.pid.toString(),
  uid: ({ client }) => client?.process?.uid.toString(),
  request: ({ requestId }) => requestId,
};

/** The labels that a thing gets; those that a request forged are gone. */
function labelled(given: Labels | null | undefined, context: HookContext): Labels {
  const { prefix, set = [], forged } = context.settings["labels"] ?? {};
  const start = String(prefix);
  const names = Object.keys(given ?? {});
  // The engine takes names as they are, but people read them without their case.
  const theirs = names.filter((name) => name.toLowerCase().startsWith(start.toLowerCase()));
  if (theirs.length > 0 && forged === "refuse") {
    throw refuse({
      code: "forged-label",
      status: 403,
      message: `The label ${theirs[0]} is set by the gateway only.`,
      hint: "Leave it out.",
    });
  }
  const own = Object.entries(given ?? {}).filter(([name]) => !theirs.includes(name));
  const wanted = Array.isArray(set) ? set : [];
  const made = wanted.flatMap((name: string): [string, string][] => {
    const value = facts[name]?.(context);
    return value === undefined ? [] : [[`${start}${name}`, value]];
  });
  return Object.fromEntries([...own, ...made]);
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "labeler",
  hooks: {
    "container.preCreate": {
      filter: { doors: ["create", "service", "build"] },
      handler: (input, context) => ({ ...input, body: { ...input.body, Labels: labelled(input.body.Labels, context) } }),
    },
    "volume.preCreate": (input, context) => ({ ...input, Labels: labelled(input.Labels, context) }),
    "network.preCreate": (input, context) => ({ ...input, body: { ...input.body, Labels: labelled(input.body.Labels, context) } }),
  },
});

export default plugin;

import { defineEnginePlugin, type EnginePlugin, type HookContext, refuse } from "@outrigger/sdk";
import { first, judgeContainer, judgeEndpoint, judgeNetworkBody, judgeUpdate, judgeVolumeBody } from "./judge/container.ts";
import { type Fields, isFields } from "./judge/fields.ts";
import { resolveOnHost } from "./judge/host.ts";
import { judgeImage } from "./judge/images.ts";
import { judgeRequest } from "./judge/request.ts";
import type { Violation } from "./judge/violation.ts";
import { effectiveRules } from "./rules/effective-rules.ts";
import { keptPolicy } from "./rules/read-policy.ts";
import type { Rules } from "./rules/rules.ts";

const folder = import.meta.dirname;

function rulesFor(facts: HookContext, body: Fields = {}): Rules {
  const labels = body["Labels"];
  return effectiveRules(keptPolicy(facts.settings, folder), {
    client: facts.client,
    door: facts.door,
    image: typeof body["Image"] === "string" ? body["Image"] : facts.container?.image,
    labels: isFields(labels) ? labels : facts.container?.labels,
  });
}

function hold(violation: Violation | undefined, { log, client }: HookContext): undefined {
  if (violation === undefined) return;
  const { rule, message, hint } = violation;
  log(`refused by ${rule}`, { rule, message, user: client?.user ?? null });
  throw refuse({ code: rule, message, ...(hint === undefined ? {} : { hint }) });
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "policy",
  setUp({ settings }) {
    keptPolicy(settings, folder, true);
  },
  hooks: {
    "api.request": (input, context) => hold(judgeRequest(rulesFor(context), input), context),
    "container.preCreate": {
      filter: { doors: ["create", "service", "exec", "commit", "build"] },
      validate({ body }, context) {
        const fields: Fields = { ...body };
        return hold(judgeContainer(rulesFor(context, fields), fields, context, resolveOnHost), context);
      },
    },
    "container.preCreateEndpoint": { validate: (_, context) => hold(judgeEndpoint(rulesFor(context), context.network), context) },
    "container.preUpdate": { validate: ({ body }, context) => hold(judgeUpdate(rulesFor(context), { ...body }, resolveOnHost), context) },
    "volume.preCreate": { validate: (input, context) => hold(judgeVolumeBody(rulesFor(context), { ...input }, resolveOnHost), context) },
    "network.preCreate": { validate: ({ body }, context) => hold(judgeNetworkBody(rulesFor(context), { ...body }), context) },
    "image.prePull": { validate: ({ reference }, context) => hold(first(judgeImage(rulesFor(context), reference)), context) },
  },
});

export default plugin;

import { type CallFacts, type Door, formatImageReference, matchesAny, matchesGlob, parseImageReference } from "@outrigger/sdk";
import { baseline } from "./baseline.ts";
import type { Policy, Rules, Selector } from "./rules.ts";

/** What is known of a request when its rules are looked for. */
export interface Asked {
  readonly client: CallFacts["client"];
  readonly door?: Door | undefined;
  readonly image?: string | undefined;
  readonly labels?: Readonly<Record<string, unknown>> | undefined;
}

/** The rules for one request: the baseline, the file's rules, then every exception that is for it. */
export function effectiveRules(policy: Policy, asked: Asked): Rules {
  const exceptions = policy.exceptions.filter((exception) => isFor(exception.for, asked));
  return Object.assign({}, baseline, policy.rules, ...exceptions.map(({ rules }) => rules));
}

/** A caller without a name is one whose name is empty: only `*` matches. */
function isFor(selector: Selector, { client, door, image, labels }: Asked): boolean {
  if (selector.users !== undefined && !matchesAny(client?.user ?? "", selector.users)) return false;
  if (selector.listeners !== undefined && !matchesAny(client?.listener ?? "", selector.listeners)) return false;
  if (selector.doors !== undefined && (door === undefined || !selector.doors.includes(door))) return false;
  if (selector.images !== undefined && (image === undefined || !isImage(image, selector.images))) return false;
  return Object.entries(selector.labels ?? {}).every(([name, value]) => {
    const found = labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
    return typeof found === "string" && matchesGlob(found, value);
  });
}

function isImage(image: string, patterns: readonly string[]): boolean {
  const reference = parseImageReference(image);
  return reference !== undefined && matchesAny(formatImageReference(reference), patterns);
}

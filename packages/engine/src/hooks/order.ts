import type { HookOrder } from "@outrigger/plugin";

export interface Ordered {
  readonly name: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly priority: number;
}

/**
 * Puts plug-ins into their order: `before` and `after` first, then higher priority, then the name.
 * Names of plug-ins that are not there are passed over.
 * @returns those that go round in a circle as `cycle`, empty where none do
 */
export function orderPlugins<Item extends Ordered>(
  items: readonly Item[],
): { readonly ordered: readonly Item[]; readonly cycle: readonly string[] } {
  const names = new Set(items.map(({ name }) => name));
  const earlier = new Map(items.map(({ name, after }) => [name, new Set(after.filter((other) => names.has(other)))]));
  for (const { name, before } of items) for (const other of before) earlier.get(other)?.add(name);
  const left = items.toSorted((one, other) => other.priority - one.priority || compare(one.name, other.name));
  const ordered: Item[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ name }) => earlier.get(name)?.size === 0);
    const [item] = next < 0 ? [] : left.splice(next, 1);
    if (item === undefined) return { ordered, cycle: left.map(({ name }) => name).sort() };
    ordered.push(item);
    for (const set of earlier.values()) set.delete(item.name);
  }
  return { ordered, cycle: [] };
}

const ranks: Readonly<Record<HookOrder, number>> = { pre: -1, post: 1 };

/** The order at one hook point: `pre` before those that say nothing, `post` after them; within each, the order stays. */
export function byHookOrder<Item extends { readonly order: HookOrder | undefined }>(items: readonly Item[]): readonly Item[] {
  const rank = ({ order }: Item): number => (order === undefined ? 0 : ranks[order]);
  return items.toSorted((one, other) => rank(one) - rank(other));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

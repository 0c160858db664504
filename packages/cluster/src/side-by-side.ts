/**
 * Does the work for each item, at most `limit` at a time, in order. Once `goesOn` says no, nothing new begins; what is under way is waited for.
 * The first thing that is thrown ends it the same way, and is thrown at the end.
 */
export async function sideBySide<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
  goesOn: () => boolean = () => true,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const thrown: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (;;) {
      if (thrown.length > 0 || !goesOn()) return;
      const next = rest.next();
      if (next.done === true) return;
      try {
        await work(next.value);
      } catch (error) {
        thrown.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, lane));
  if (thrown.length > 0) throw thrown[0];
}

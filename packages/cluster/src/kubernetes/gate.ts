/** Makes a gate that lets at most `most` pieces of work run at a time; the others wait in the order in which they came. */
export function gate(most: number): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // A place is handed on, so that nobody who comes now can take it.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

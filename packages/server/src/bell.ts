/** Wakes those who wait for news on a topic. News themselves are read from where they are kept, so none can be missed or grow a queue. */
export interface Bell {
  readonly ring: (topic: string) => void;
  /** Listen before reading; `next` then ends at the first ring after that moment, or when the signal aborts. */
  readonly listen: (topic: string, signal: AbortSignal) => Listener;
}

export interface Listener {
  /** True: there are news. False: the signal aborted. */
  readonly next: () => Promise<boolean>;
}

export function createBell(): Bell {
  const listeners = new Map<string, Set<() => void>>();
  return {
    ring: (topic) => {
      for (const wake of listeners.get(topic) ?? []) wake();
    },
    listen: (topic, signal) => {
      let news = false;
      let waiting: (() => void) | undefined;
      const wake = (): void => {
        news = true;
        waiting?.();
      };
      const group = listeners.get(topic) ?? new Set();
      listeners.set(topic, group.add(wake));
      const leave = (): void => {
        group.delete(wake);
        if (group.size === 0 && listeners.get(topic) === group) listeners.delete(topic);
        waiting?.();
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      return {
        next: async () => {
          if (!news && !signal.aborted) await new Promise<void>((resolve) => (waiting = resolve));
          waiting = undefined;
          news = false;
          return !signal.aborted;
        },
      };
    },
  };
}

import type { ImageBuilder, PodRuntime } from "@outrigger/runtime";

/** Runs nothing, so that nothing but the server is measured. */
export const idleRuntime: PodRuntime = {
  start: async () => {},
  close: async () => {},
  want: () => {},
  plan: async () => ({ kind: "none", changes: [] }),
  remove: async () => {},
  known: async () => [],
  statuses: () => [],
  logs: async function* () {},
  health: async () => ({ ok: true, engine: "none" }),
};

export const noImages: ImageBuilder = {
  build: async (): Promise<never> => Promise.reject(new TypeError("this benchmark builds nothing")),
  pull: async (): Promise<never> => Promise.reject(new TypeError("this benchmark pulls nothing")),
  forget: async (): Promise<void> => {},
};

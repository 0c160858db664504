import type { VolumeDriver } from "@outrigger/sdk/driver";

/** The driver that both servers serve. */
const names = new Map<string, string>();

export const volumes: VolumeDriver = {
  create: ({ name }) => void names.set(name, `/data/${name}`),
  remove: ({ name }) => void names.delete(name),
  mount: ({ name }) => names.get(name) ?? `/data/${name}`,
  unmount: () => undefined,
  path: ({ name }) => names.get(name),
  get: ({ name }) => (names.has(name) ? { name, mountpoint: `/data/${name}` } : undefined),
  list: () => [...names.keys()].map((name) => ({ name })),
};

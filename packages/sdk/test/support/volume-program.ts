import { driverError, serveDriver } from "@outrigger/sdk/driver";

/** A driver as a process of its own, for tests of signals: volumes in memory; `slow` lasts as long as SLOW says, `never` for ever. */
const names = new Set<string>();

await serveDriver(
  {
    volume: {
      async create({ name }, { signal }) {
        if (name === "slow") await new Promise((resolve) => setTimeout(resolve, Number(process.env["SLOW"])));
        if (name === "never") {
          signal.addEventListener("abort", () => console.log("aborted"));
          await new Promise(() => undefined);
        }
        if (name === "reject") void Promise.reject(new TypeError("nobody handles this"));
        if (name === "refused") throw driverError("no");
        names.add(name);
      },
      remove: ({ name }) => void names.delete(name),
      mount: ({ name }) => `/data/${name}`,
      unmount: () => undefined,
      path: () => undefined,
      get: ({ name }) => (names.has(name) ? { name } : undefined),
      list: () => [...names].map((name) => ({ name })),
      close: () => console.log("closed"),
    },
  },
  { grace: Number(process.env["GRACE"] ?? 8000) },
);

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { diff, type Pod, type PodKey } from "@outrigger/pod";
import { startServer } from "../../src/index.ts";

/** A server whose engine keeps its pods in files, so that both can be killed and what runs be compared with what is wanted. */
const [folder = ""] = process.argv.slice(2);
const engine = join(folder, "engine");
mkdirSync(engine, { recursive: true });

function fileOf(key: PodKey): string {
  return join(engine, `${key.team}.${key.application}.${key.component}.json`);
}

function readPods(): readonly Pod[] {
  return readdirSync(engine)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(engine, file), "utf8")) as Pod);
}

const running = await startServer({
  dataDir: join(folder, "data"),
  port: 0,
  logLevel: "silent",
  limits: { queuedBuilds: 1000 },
  runtime: () => ({
    start: async () => {},
    close: async () => {},
    want: (pod) => {
      writeFileSync(`${fileOf(pod)}.part`, JSON.stringify(pod));
      renameSync(`${fileOf(pod)}.part`, fileOf(pod));
    },
    plan: async (pod) => diff(undefined, pod),
    remove: async (key) => {
      await sleep(5);
      rmSync(fileOf(key), { force: true });
    },
    known: async () => readPods().map(({ team, application, component }) => ({ team, application, component })),
    statuses: () => [],
    logs: async function* () {},
    health: async () => ({ ok: true, engine: "files" }),
  }),
  images: {
    pull: async ({ signal }) => {
      await sleep(20, undefined, { signal });
      return { image: `sha256:${"1".repeat(64)}` };
    },
    build: async ({ context, signal }) => {
      for await (const _ of context) await sleep(1, undefined, { signal });
      return { image: `sha256:${"2".repeat(64)}` };
    },
    forget: async () => {},
  },
});
process.stdout.write(`${running.url}\n`);

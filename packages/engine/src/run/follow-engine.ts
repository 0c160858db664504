import { wordsOf } from "@outrigger/plugin";
import { storageDriver } from "../doors/image-pull.ts";
import type { PullLedger } from "../doors/pull-ledger.ts";
import type { EngineClient } from "../gateway/engine-client.ts";
import type { PluginSource } from "../hooks/dispatcher.ts";
import type { HookRecords } from "../oci/hook-record.ts";
import { aboutDaemon } from "./about-daemon.ts";
import { followEvents } from "./engine-events.ts";

export interface FollowOptions {
  readonly plugins: PluginSource;
  readonly engine: EngineClient;
  readonly pulls: PullLedger;
  /** Records of OCI hooks, where there are some. */
  readonly records?: HookRecords;
  readonly log: (message: string) => void;
}

/** Forgets the records of containers that are gone, and tells plug-ins of pulls that no client made. Gives what ends it. */
export function followEngine({ plugins, engine, pulls, records, log }: FollowOptions): () => Promise<void> {
  const ending = new AbortController();
  const pulled = async (reference: string): Promise<void> => {
    if (pulls.has(reference) || !plugins.current().wants("image.postPull")) return;
    const { dispatcher, release } = plugins.lease();
    try {
      const image = await engine.find<{ readonly RepoDigests?: readonly string[] }>({ path: `/images/${reference}/json` });
      const digest = /@(sha256:[0-9a-f]{64})$/.exec(image?.RepoDigests?.[0] ?? "")?.[1] ?? null;
      const input = { reference, digest, platform: null, snapshotter: await storageDriver(engine), by: "engine" } as const;
      const failures = await dispatcher.notify("image.postPull", input, aboutDaemon(`pull of ${reference}`));
      for (const { plugin, message } of failures) log(`${plugin} failed at image.postPull: ${message}`);
    } finally {
      release();
    }
  };
  const living = async (): Promise<readonly string[]> => {
    const all = await engine.ask<readonly { readonly Id: string }[]>({ path: "/containers/json", query: { all: "1" } });
    return all.map(({ Id }) => Id);
  };
  const following = followEvents(engine, ending.signal, {
    connected: async () => void (await records?.prune(living)),
    event: async ({ type, action, id }) => {
      if (type === "container" && action === "destroy") await records?.remove(id);
      if (type === "image" && action === "pull") await pulled(id);
    },
    failed: (error) => log(`The engine's events: ${wordsOf(error)}`),
  });
  return async () => {
    ending.abort();
    await following;
  };
}

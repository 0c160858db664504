import type { Readable } from "node:stream";
import { createDockerClient, type DockerClient } from "@outrigger/runtime";

interface Named {
  readonly Name?: string;
  readonly Names?: readonly string[];
}

/** Containers, networks and volumes on the engine whose name is `prefix` or starts with it and a dot. */
export function engineObjects(prefix: string): Promise<readonly string[]> {
  return withEngine(async (client) => {
    const containers = await client.call<readonly Named[]>("GET", "/containers/json", { query: { all: true } });
    const networks = await client.call<readonly Named[]>("GET", "/networks");
    const volumes = await client.call<{ readonly Volumes: readonly Named[] | null }>("GET", "/volumes");
    const names = [
      ...containers.flatMap(({ Names = [] }) => Names.map((name) => `container ${name.replace(/^\//, "")}`)),
      ...networks.map(({ Name }) => `network ${Name}`),
      ...(volumes.Volumes ?? []).map(({ Name }) => `volume ${Name}`),
    ];
    return names.filter((name) => name.endsWith(` ${prefix}`) || name.includes(` ${prefix}.`));
  });
}

export function imageExists(name: string): Promise<boolean> {
  return withEngine(async (client) => {
    const images = await client.call<readonly { readonly RepoTags?: readonly string[] | null }[]>("GET", "/images/json");
    return images.some(({ RepoTags }) => RepoTags?.includes(name) === true);
  });
}

/** Makes an image of one layer from a tar of a root file system. */
export function importImage(tar: Readable, name: string): Promise<void> {
  const [, repo, tag] = /^(.*):([^:]+)$/.exec(name) ?? [];
  return withEngine(async (client) => {
    const answer = await client.stream("POST", "/images/create", {
      query: { fromSrc: "-", repo, tag },
      body: tar,
      headers: { "content-type": "application/x-tar" },
    });
    for await (const chunk of answer) if (String(chunk).includes('"error"')) throw new TypeError(String(chunk));
  });
}

/** Gives work a client of this machine's engine. */
export async function withEngine<T>(work: (client: DockerClient) => Promise<T>): Promise<T> {
  const client = createDockerClient();
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

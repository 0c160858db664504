import { createReadStream } from "node:fs";
import { imageExists, importImage, withEngine } from "./engine-objects.ts";

/** Small questions and errands for scripts/setup.sh. Exit 0: yes, done; 1: no. */
const [errand = "", first = "", second = ""] = process.argv.slice(2);

const errands: Readonly<Record<string, () => Promise<boolean>>> = {
  ping: async () => (await withEngine((client) => client.version())).ApiVersion !== "",
  has: () => imageExists(first),
  pull: () => pull(first),
  import: async () => {
    await importImage(createReadStream(first), second);
    return true;
  },
  "build-network": async () => {
    console.log((await bridgeHasWayOut(first)) ? "default" : "host");
    return true;
  },
};

process.exitCode = (await errands[errand]?.().catch(complain)) === true ? 0 : 1;

function complain(error: unknown): boolean {
  console.error(error instanceof Error ? error.message : error);
  return false;
}

/** Pulls, giving up after 30 s without an answer from the registry. */
function pull(image: string): Promise<boolean> {
  const [, name, tag] = /^(.*):([^:]+)$/.exec(image) ?? [];
  return withEngine(async (client) => {
    const answer = await client.stream("POST", "/images/create", { query: { fromImage: name, tag }, signal: AbortSignal.timeout(30_000) });
    for await (const _ of answer);
    return imageExists(image);
  });
}

/** Whether a container on the engine's own network reaches the package archive that the image is set up for. */
function bridgeHasWayOut(image: string): Promise<boolean> {
  return withEngine(async (client) => {
    const Cmd = ["timeout", "20", "apt-get", "-o", "Acquire::Retries=0", "-o", "APT::Update::Error-Mode=any", "update"];
    const { Id } = await client.call<{ readonly Id: string }>("POST", "/containers/create", { body: { Image: image, Cmd } });
    try {
      await client.call("POST", `/containers/${Id}/start`);
      const { StatusCode } = await client.call<{ readonly StatusCode: number }>("POST", `/containers/${Id}/wait`);
      return StatusCode === 0;
    } finally {
      await client.call("DELETE", `/containers/${Id}`, { query: { force: true, v: true } });
    }
  });
}

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Pack, pack } from "tar-stream";
import { createDockerImages } from "../src/index.ts";
import type { BuildProgress, BuildRequest } from "../src/runtime.ts";
import { busyboxImage, client, unique } from "./support.ts";

const image = await busyboxImage({ after });
const images = createDockerImages({ buildNetwork: "host" });

function context(dockerfile: string): Pack {
  const archive = pack();
  archive.entry({ name: "Dockerfile" }, dockerfile);
  archive.finalize();
  return archive;
}

function request(dockerfile: string, progress: BuildProgress[], more: Partial<BuildRequest> = {}): BuildRequest {
  return {
    context: context(dockerfile) as AsyncIterable<Uint8Array>,
    file: "Dockerfile",
    labels: {},
    credentials: { "registry.example": { username: "u", password: "p" } },
    onProgress: (each) => progress.push(each),
    signal: new AbortController().signal,
    ...more,
  };
}

test("a Dockerfile becomes an image with its arguments and labels; lines stream", async (t) => {
  const progress: BuildProgress[] = [];
  const mark = unique("mark-");
  const text = `FROM ${image}\nARG WORD\nRUN ["/bin/sh", "-c", "echo building $WORD; sleep 0.1"]\n`;
  const built = await images.build(request(text, progress, { args: { WORD: mark }, labels: { mark } }));
  t.after(() => client.call("DELETE", `/images/${built.image}`, { query: { force: true } }));
  assert.match(built.image, /^sha256:/);
  assert.ok(progress.some(({ line }) => line === `building ${mark}`));
  const found = await client.call<{ Config: { Labels: object } }>("GET", `/images/${built.image}/json`);
  assert.deepEqual(found.Config.Labels, { mark });
  assert.equal((await images.pull({ image: built.image, onProgress: () => {}, signal: AbortSignal.timeout(9000) })).image, built.image);
});

test("a step that fails is told with its last lines", async () => {
  const text = `FROM ${image}\nRUN ["/bin/sh", "-c", "echo ${unique("")} the compiler is cross; exit 7"]\n`;
  const failure = images.build(request(text, []));
  await assert.rejects(failure, (error: Error & { code: string }) => {
    assert.equal(error.code, "build-failed");
    assert.match(error.message, /returned a non-zero code: 7/);
    assert.match(error.message, /the compiler is cross/);
    return true;
  });
});

test("a Dockerfile with a mistake is told", async () => {
  await assert.rejects(images.build(request(`FROM ${image}\nNONSENSE x\n`, [])), { code: "build-failed", message: /unknown instruction/i });
});

test("a cancelled build stops on the engine too", async () => {
  const stopping = new AbortController();
  const mark = unique("slow-");
  const text = `FROM ${image}\nRUN ["/bin/sh", "-c", "echo ${mark}; sleep 60"]\n`;
  const building = images.build(
    request(text, [], {
      signal: stopping.signal,
      onProgress: ({ line }) => line === mark && stopping.abort(),
    }),
  );
  await assert.rejects(building, { name: "AbortError" });
  const deadline = Date.now() + 10_000;
  const stillThere = async (): Promise<boolean> => {
    const all = await client.call<readonly { Command: string }[]>("GET", "/containers/json");
    return all.some(({ Command }) => Command.includes(mark));
  };
  while (await stillThere()) assert.ok(Date.now() < deadline, "the step still runs");
});

test("a pull uses the engine's own image when the registry is away, and else says so", async () => {
  const progress: BuildProgress[] = [];
  const local = `localhost:1/${unique("own-")}`;
  await client.call("POST", `/images/${image}/tag`, { query: { repo: local, tag: "1" } });
  const signal = AbortSignal.timeout(20_000);
  const pulled = await images.pull({ image: `${local}:1`, onProgress: (each) => progress.push(each), signal });
  assert.match(pulled.image, /^sha256:/);
  assert.ok(progress.some(({ line }) => line?.includes(`using the engine's own ${local}:1`)));
  await client.call("DELETE", `/images/${local}:1`);
  await assert.rejects(images.pull({ image: `${local}:1`, onProgress: () => {}, signal }), { code: "image-missing" });
});

test("a shared name goes with the image it means, and no other: two servers may have built one of that name", async (t) => {
  const shared = `${unique("outrigger-test/")}:1`;
  const own = (server: string): string => `${shared.replace(":1", "")}-${server}:1`;
  const build = async (server: string): Promise<string> => {
    const { image: id } = await images.build(request(`FROM ${image}\nLABEL server=${server}\n`, [], { names: [own(server), shared] }));
    t.after(() => client.call("DELETE", `/images/${id}`, { query: { force: true } }).catch(() => undefined));
    return id;
  };
  const idOf = async (name: string): Promise<string | undefined> =>
    client.call<{ readonly Id: string }>("GET", `/images/${name}/json`).then(
      ({ Id }) => Id,
      () => undefined,
    );
  const [one, two] = [await build("one"), await build("two")];
  assert.deepEqual([await idOf(own("one")), await idOf(own("two")), await idOf(shared)], [one, two, two]);
  await images.forget([own("one"), shared]);
  assert.deepEqual([await idOf(one), await idOf(two), await idOf(shared)], [undefined, two, two]);
  await images.forget([own("two"), shared]);
  assert.deepEqual([await idOf(two), await idOf(shared)], [undefined, undefined]);
  await images.forget([own("two"), shared]);
});

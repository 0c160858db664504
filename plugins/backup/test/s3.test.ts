import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { builtImage, docker, started, type TestContainer, until } from "../../../tests/support/container.ts";
import { freePort } from "../../../tests/support/sandbox.ts";
import { createS3Client, type S3Client } from "../agent/s3-client.ts";
import { backup, describe, restore, shell } from "./backup-container.ts";

const [accessKey, secretKey, region] = ["test:tester", "sesame-of-the-test", "eu-test-1"];
const bucket = "archives";

interface Store {
  readonly container: TestContainer;
  readonly client: S3Client;
  readonly env: Readonly<Record<string, string>>;
  /** Names of all objects, or of all parts of uploads that are under way. */
  readonly objects: () => Promise<readonly string[]>;
  readonly uploads: () => Promise<readonly string[]>;
}

/** OpenStack Swift with a bucket. */
async function store(context: TestContext): Promise<Store> {
  const container = await started(context, await builtImage("plugins/backup/test/swift"));
  const endpoint = `http://${container.address}:8080`;
  const client = createS3Client(
    { endpoint: new URL(endpoint), bucket, prefix: "", region, accessKey, secretKey, pathStyle: true },
    context.signal,
  );
  await until("the store takes a bucket", async () => (await client.call({ method: "PUT" })).text, 60_000);
  const keys = async (query: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const { text } = await client.call({ method: "GET", query });
    return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
  };
  return {
    container,
    client,
    env: {
      TARGET: `s3://${bucket}/shop/web`,
      S3_ENDPOINT: endpoint,
      S3_REGION: region,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
    },
    objects: () => keys({ "list-type": "2" }),
    uploads: () => keys({ uploads: "" }),
  };
}

/** A way to the store on this machine, which can be closed and opened again. */
async function forwarder(
  context: TestContext,
  container: TestContainer,
): Promise<{ readonly endpoint: string; readonly open: () => Promise<void>; readonly close: () => Promise<void> }> {
  const { stdout } = await docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}", container.id);
  const port = await freePort();
  const server = createServer((socket) => {
    const onward = connect(8080, container.address);
    socket.pipe(onward).pipe(socket);
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
    sockets.add(socket);
  });
  const sockets = new Set<Socket>();
  const open = async (): Promise<void> => {
    server.listen(port, "0.0.0.0");
    await once(server, "listening");
  };
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  context.after(close);
  await open();
  return { endpoint: `http://${stdout.trim()}:${port}`, open, close };
}

test("backups into an S3 store come back the same, in parts where they are large; only the last ones are kept; no secret shows", {
  timeout: 300_000,
}, async (context) => {
  const s3 = await store(context);
  const own = await backup(context, { ...s3.env, KEEP: "2" });
  const first = await own.ended();
  assert.equal(first.problem, undefined);
  await shell("head -c 40000000 /dev/urandom > /data/large", "--volume", `${own.data}:/data`);
  const [second, third] = [await own.again(), await own.again()];
  assert.ok((third.bytes ?? 0) > 40_000_000);
  assert.deepEqual(
    await s3.objects(),
    [second, third].flatMap(({ archive }) => [`shop/web/${archive}`, `shop/web/${archive}.sha256`]),
  );
  assert.equal(
    (await own.container.run("backup", "list")).stdout,
    `${second.archive}  ${second.bytes}\n${third.archive}  ${third.bytes}\n`,
  );
  const whole = await shell(describe, "--volume", `${own.data}:/data`);
  assert.equal(await shell(describe, "--volume", `${await restore(context, own)}:/data`), whole);
  assert.deepEqual(await s3.uploads(), []);
  const shown = [
    await own.container.logs(),
    JSON.stringify(await own.status()),
    (await docker("top", own.container.id, "-eo", "args")).stdout,
  ];
  assert.ok(
    shown.every((text) => !text.includes(secretKey)),
    "a secret shows",
  );
});

test("a wrong key, a missing bucket and a store that is away each fail with their reason, and the next backup is tried all the same", {
  timeout: 300_000,
}, async (context) => {
  const s3 = await store(context);
  const wrong = await (await backup(context, { ...s3.env, S3_SECRET_KEY: "wrong-sesame" })).ended();
  assert.match(
    wrong.problem ?? "",
    /the store answers 403 SignatureDoesNotMatch .*S3_SECRET_KEY is not the one that belongs to S3_ACCESS_KEY/,
  );
  assert.doesNotMatch(wrong.problem ?? "", /wrong-sesame/);
  const missing = await (await backup(context, { ...s3.env, TARGET: "s3://nowhere/x" })).ended();
  assert.match(missing.problem ?? "", /404 NoSuchBucket to POST s3:\/\/nowhere\/x\/shop-web-\S+: make the bucket, or mend TARGET/);
  const way = await forwarder(context, s3.container);
  const own = await backup(context, { ...s3.env, S3_ENDPOINT: way.endpoint });
  assert.equal((await own.ended()).problem, undefined);
  await way.close();
  const away = await own.again();
  assert.match(away.problem ?? "", /ECONNREFUSED/);
  const { lastSuccess } = await own.status();
  assert.ok(lastSuccess !== undefined && lastSuccess.startedAt !== away.startedAt);
  await way.open();
  assert.equal((await own.again()).problem, undefined);
});

test("an upload that is killed half-way shows nowhere, and the next start aborts it", { timeout: 300_000 }, async (context) => {
  const s3 = await store(context);
  const own = await backup(context, { ...s3.env, ON_START: "false", COMPRESS: "none" });
  await until("it serves", own.status);
  await shell("head -c 400000000 /dev/urandom > /data/large", "--volume", `${own.data}:/data`);
  await docker("kill", "--signal=USR1", own.container.id);
  await until("parts are sent", async () => ((await s3.uploads()).length > 0 ? true : undefined), 30_000);
  await docker("kill", own.container.id);
  assert.deepEqual(await s3.objects(), []);
  assert.equal((await s3.uploads()).length, 1);
  await docker("start", own.container.id);
  await until("the upload is aborted", async () => ((await s3.uploads()).length === 0 ? true : undefined), 30_000);
  assert.deepEqual(await s3.objects(), []);
});

test("told to stop half-way, it leaves nothing and ends", { timeout: 300_000 }, async (context) => {
  const s3 = await store(context);
  const own = await backup(context, { ...s3.env, ON_START: "false", COMPRESS: "none" });
  await until("it serves", own.status);
  await shell("head -c 400000000 /dev/urandom > /data/large", "--volume", `${own.data}:/data`);
  await docker("kill", "--signal=USR1", own.container.id);
  await until("parts are sent", async () => ((await s3.uploads()).length > 0 ? true : undefined), 30_000);
  await docker("stop", "--time=30", own.container.id);
  assert.deepEqual(await s3.uploads(), []);
  assert.deepEqual(await s3.objects(), []);
  assert.equal((await docker("inspect", "--format={{.State.ExitCode}}", own.container.id)).stdout.trim(), "0");
});

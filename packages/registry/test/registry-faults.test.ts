import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { createServer, request } from "node:http";
import { type TestContext, test } from "node:test";
import { digestOf, openRepository, type RegistryOptions, type Repository } from "@outrigger/registry";
import { blobOf, bytesOf, imageOf, writeImage } from "../../../tests/support/content.ts";
import { type Fault, faultyProxy, listen, type SeenRequest } from "../../../tests/support/faulty-proxy.ts";
import { startRegistry } from "../../../tests/support/registry.ts";

const backOff = { first: 1, most: 5, atOnce: false };

function repository(context: TestContext, host: string, options: RegistryOptions = {}): Repository {
  const opened = openRepository(
    { registry: host, repository: "tools/log" },
    { findCredentials: async () => undefined, backOff, ...options },
  );
  context.after(() => opened.close());
  return opened;
}

/** A registry with an image, behind a proxy with faults. */
async function behind(
  context: TestContext,
  fault: (seen: SeenRequest, before: readonly SeenRequest[]) => Fault | undefined,
  options: RegistryOptions = {},
): Promise<{ readonly faulty: Repository; readonly straight: Repository; readonly seen: readonly SeenRequest[]; readonly host: string }> {
  const { host } = await startRegistry(context);
  const proxy = await faultyProxy(context, host, fault);
  return { faulty: repository(context, proxy.host, options), straight: repository(context, host), seen: proxy.seen, host: proxy.host };
}

const isBlob = ({ method, url }: SeenRequest): boolean => method === "GET" && url.includes("/blobs/sha256:");

test("a download that is cut at random bytes goes on where it was", async (context) => {
  const blob = blobOf(randomBytes(400_000));
  let cuts = 0;
  const { faulty, straight, seen } = await behind(context, (asked) => {
    if (!isBlob(asked) || cuts >= 4) return undefined;
    cuts += 1;
    return { cutAnswerAt: randomInt(1, 60_000) };
  });
  await straight.writeBlob(blob.descriptor, blob.content);
  assert.ok((await bytesOf(faulty.blob(blob.descriptor))).equals(blob.bytes));
  const ranges = seen.filter(isBlob).map(({ headers }) => headers.range);
  assert.equal(ranges.length, 5);
  assert.ok(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? "")));
});

test("a download goes on also where the registry does not know Range", async (context) => {
  const blob = blobOf(randomBytes(200_000));
  let cuts = 0;
  const { faulty, straight } = await behind(context, (asked) => {
    delete asked.headers.range;
    if (!isBlob(asked) || cuts >= 2) return undefined;
    cuts += 1;
    return { cutAnswerAt: 50_000 * cuts };
  });
  await straight.writeBlob(blob.descriptor, blob.content);
  assert.ok((await bytesOf(faulty.blob(blob.descriptor))).equals(blob.bytes));
});

test("a download that is always cut before anything comes is given up", async (context) => {
  const blob = blobOf(randomBytes(100_000));
  const { faulty, straight, seen } = await behind(context, (asked) => (isBlob(asked) ? { cutAnswerAt: 0 } : undefined), { retries: 2 });
  await straight.writeBlob(blob.descriptor, blob.content);
  await assert.rejects(bytesOf(faulty.blob(blob.descriptor)), { code: "registry-unreachable" });
  assert.equal(seen.filter(isBlob).length, 3);
});

test("wrong bytes, too many and too few are told from the right ones, and the last piece does not come", async (context) => {
  const blob = blobOf(randomBytes(150_000));
  const faults: readonly Fault[] = [
    { alter: (piece) => Buffer.from(piece.map((byte) => byte ^ 1)) },
    { status: 200, body: Buffer.concat([blob.bytes, Buffer.from("more")]) },
    { status: 200, body: blob.bytes.subarray(0, 140_000) },
  ];
  for (const fault of faults) {
    const { faulty, straight } = await behind(context, (asked) => (isBlob(asked) ? fault : undefined), { retries: 1 });
    await straight.writeBlob(blob.descriptor, blob.content);
    let length = 0;
    const reading = async (): Promise<void> => {
      for await (const piece of faulty.blob(blob.descriptor)) length += piece.length;
    };
    await assert.rejects(reading(), { code: "digest-wrong" });
    assert.ok(length < blob.bytes.length, "a whole blob came");
  }
});

test("a part that begins elsewhere than asked for is not taken", async (context) => {
  const blob = blobOf(randomBytes(100_000));
  const { faulty, straight } = await behind(context, (asked) => {
    if (!isBlob(asked)) return undefined;
    if (asked.headers.range === undefined) return { cutAnswerAt: 10_000 };
    return {
      alterHeaders: (headers) => {
        headers["content-range"] = "bytes 5-99999/100000";
      },
    };
  });
  await straight.writeBlob(blob.descriptor, blob.content);
  await assert.rejects(bytesOf(faulty.blob(blob.descriptor)), { code: "digest-wrong", message: /bytes from 5 on/ });
});

test("an upload that is cut goes on where the registry says that it is", async (context) => {
  for (const chunkSize of [undefined, 60_000]) {
    const blob = blobOf(randomBytes(300_000));
    let cuts = 0;
    const { faulty, straight, seen } = await behind(
      context,
      ({ method }) => {
        if (!["PUT", "PATCH"].includes(method) || cuts >= 3) return undefined;
        cuts += 1;
        return { cutRequestAt: randomInt(1, 50_000) };
      },
      chunkSize === undefined ? {} : { chunkSize },
    );
    await faulty.writeBlob(blob.descriptor, blob.content);
    assert.equal(cuts, 3);
    assert.ok((await bytesOf(straight.blob(blob.descriptor))).equals(blob.bytes));
    assert.ok(
      seen.some(({ method, url }) => method === "GET" && url.includes("/uploads/")),
      "the registry was not asked how far it is",
    );
  }
});

test("content that is not what it says never becomes a blob", async (context) => {
  const { host } = await startRegistry(context);
  const tools = repository(context, host);
  const [said, other] = [blobOf(randomBytes(90_000)), blobOf(randomBytes(90_000))];
  await assert.rejects(tools.writeBlob(said.descriptor, other.content), { code: "registry-refused" });
  assert.equal(await tools.has(said.descriptor), false);
});

test("429 with Retry-After and 500 are asked again, other refusals are not", async (context) => {
  const answers: readonly Fault[] = [
    { status: 429, headers: { "retry-after": "0" } },
    { status: 503, headers: { "retry-after": new Date(Date.now() - 1000).toUTCString() } },
    { status: 500, body: "an accident" },
  ];
  const isManifest = ({ method, url }: SeenRequest): boolean => method === "GET" && url.includes("/manifests/");
  const { faulty, straight, seen } = await behind(context, (asked, before) =>
    isManifest(asked) ? answers[before.filter(isManifest).length] : undefined,
  );
  const image = imageOf([10]);
  await writeImage(straight, image, "1.0");
  assert.equal((await faulty.manifest("1.0")).descriptor.digest, image.manifest.descriptor.digest);
  assert.equal(seen.filter(isManifest).length, 4);

  const denied = await behind(context, (asked) =>
    isManifest(asked)
      ? { status: 418, body: JSON.stringify({ errors: [{ code: "TEAPOT", message: "short and\u001b[2J stout" }] }) }
      : undefined,
  );
  await assert.rejects(denied.faulty.manifest("1.0"), { code: "registry-refused", message: /status 418.*TEAPOT: short and \[2J stout/ });
  assert.equal(denied.seen.filter(isManifest).length, 1);

  const broken = await behind(context, (asked) => (isManifest(asked) ? { status: 500 } : undefined), { retries: 2 });
  await assert.rejects(broken.faulty.manifest("1.0"), { code: "registry-failing" });
  assert.equal(broken.seen.filter(isManifest).length, 3);
});

test("a manifest is refused by its size before it is read whole", async (context) => {
  const { faulty } = await behind(context, ({ url }) => {
    if (!url.includes("/manifests/")) return undefined;
    return { status: 200, headers: { "content-type": "application/vnd.oci.image.manifest.v1+json", "content-length": String(1 << 30) } };
  });
  await assert.rejects(faulty.manifest("1.0"), { code: "manifest-too-large", message: /1073741824 bytes/ });
  const endless = await behind(context, ({ url }) =>
    url.includes("/manifests/") ? { status: 200, headers: { "transfer-encoding": "chunked" }, body: Buffer.alloc(5 << 20, 32) } : undefined,
  );
  await assert.rejects(endless.faulty.manifest("1.0"), { code: "manifest-too-large" });
});

test("a manifest is what was asked for, and what the registry says that it is", async (context) => {
  const image = imageOf([10]);
  const text = Buffer.from(image.manifest.bytes).toString("utf8");
  const type = { "content-type": image.manifest.descriptor.mediaType };
  const wrong: readonly (readonly [Fault, string])[] = [
    [{ status: 200, headers: { ...type, "docker-content-digest": digestOf("other") }, body: text }, "digest-wrong"],
    [{ status: 200, headers: type, body: text.replace("100", "101").concat(" ") }, "digest-wrong"],
    [{ status: 200, headers: { "content-type": "application/vnd.oci.image.index.v1+json" }, body: text }, "manifest-wrong"],
    [{ status: 200, headers: { "content-type": "text/html" }, body: "<html>welcome</html>" }, "digest-wrong"],
  ];
  for (const [fault, code] of wrong) {
    const { faulty } = await behind(context, ({ url }) => (url.includes("/manifests/") ? fault : undefined));
    await assert.rejects(faulty.manifest(image.manifest.descriptor.digest), { code });
  }
});

test("a registry that says nothing is given up after the idle time", async (context) => {
  const { faulty } = await behind(context, ({ url }) => (url.includes("/manifests/") ? { silent: true } : undefined), {
    idle: 200,
    retries: 0,
  });
  await assert.rejects(faulty.manifest("1.0"), { code: "registry-unreachable", message: /nothing came for 0\.2 s/ });
});

test("redirects of blobs are followed without our credentials, and never out of TLS or beyond loopback in plain text", async (context) => {
  const blob = blobOf(randomBytes(1000));
  const store = await faultyProxy(context, "127.0.0.1:1", () => ({ status: 200, body: blob.bytes }));
  let target = `http://${store.host}/bucket/blob?signature=secret`;
  const { faulty, straight } = await behind(context, (asked) =>
    isBlob(asked) ? { status: 307, headers: { location: target } } : undefined,
  );
  await straight.writeBlob(blob.descriptor, blob.content);
  assert.ok((await bytesOf(faulty.blob(blob.descriptor))).equals(blob.bytes));
  assert.equal(store.seen[0]?.headers.authorization, undefined);
  target = "http://storage.example/bucket?signature=secret";
  await assert.rejects(bytesOf(faulty.blob(blob.descriptor)), (error: Error) => {
    assert.match(error.message, /sends .* to http:\/\/storage\.example: it is without TLS/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  target = `/v2/tools/log/blobs/${blob.descriptor.digest}`;
  await assert.rejects(bytesOf(faulty.blob(blob.descriptor)), { code: "registry-redirect", message: /does not end/ });
});

test("a registry is asked through the proxy that the environment names, but loopback never is", async (context) => {
  const { host } = await startRegistry(context);
  const asked: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "");
    asked.push(url.host);
    const onward = request(
      { host: "127.0.0.1", port: host.split(":")[1], path: url.pathname, method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  process.env["HTTP_PROXY"] = `http://${await listen(context, proxy)}`;
  context.after(() => {
    delete process.env["HTTP_PROXY"];
  });
  const image = imageOf([10]);
  await writeImage(repository(context, host), image, "1.0");
  assert.deepEqual(asked, []);
  const far = openRepository(
    { registry: "registry.invalid", repository: "tools/log" },
    { findCredentials: async () => undefined, plainHttp: ["registry.invalid"] },
  );
  context.after(() => far.close());
  assert.equal((await far.manifest("1.0")).descriptor.digest, image.manifest.descriptor.digest);
  assert.deepEqual([...new Set(asked)], ["registry.invalid"]);
});

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Credentials, openRepository, type RegistryOptions, type Repository } from "@outrigger/registry";
import { makeCertificates, type TestCertificates } from "../../../tests/support/certificates.ts";
import { bytesOf, imageOf, writeImage } from "../../../tests/support/content.ts";
import { faultyProxy } from "../../../tests/support/faulty-proxy.ts";
import { basicAuth, startRegistry, tester } from "../../../tests/support/registry.ts";
import { mayTester, startTokenServer } from "../../../tests/support/token-server.ts";

const right: Credentials = { kind: "password", ...tester };
const wrong: Credentials = { kind: "password", username: "tester", password: "hush-hush" };

function repository(
  context: TestContext,
  host: string,
  who: Credentials | undefined,
  options: RegistryOptions = {},
  name = "tools/log",
): Repository {
  const opened = openRepository({ registry: host, repository: name }, { findCredentials: async () => who, ...options });
  context.after(() => opened.close());
  return opened;
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-access-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error of a promise that must fail, with everything that it says. */
async function failure(promise: Promise<unknown>): Promise<{ readonly code: unknown; readonly text: string }> {
  try {
    await promise;
  } catch (error) {
    return {
      code: (error as { code?: unknown }).code,
      text: `${String(error)} ${(error as { hint?: string }).hint} ${JSON.stringify(error)}`,
    };
  }
  return assert.fail("it did not fail");
}

test("a registry with user and password: who has them may, who has not is told to log in, and no password is told", async (context) => {
  const { host } = await startRegistry(context, { auth: basicAuth(folderOf(context)) });
  const image = imageOf([1000]);
  await writeImage(repository(context, host, right), image, "1.0");
  for (const who of [undefined, wrong]) {
    const { code, text } = await failure(repository(context, host, who).manifest("1.0"));
    assert.equal(code, "registry-unauthorized");
    assert.match(text, /docker login/);
    assert.doesNotMatch(text, /hush|c2VzYW1l/);
  }
});

test("tokens: asked by a form with both scopes, kept, and made anew when they are over", async (context) => {
  const certificates = makeCertificates(folderOf(context));
  const tokens = await startTokenServer(context, certificates);
  const { host } = await startRegistry(context, { auth: tokens.auth });
  const tools = repository(context, host, right);
  const image = imageOf([1000, 2000]);
  await writeImage(tools, image, "1.0");
  await tools.manifest("1.0");
  await Promise.all(image.blobs.map(({ descriptor }) => bytesOf(tools.blob(descriptor))));
  assert.deepEqual(
    tokens.asked.map(({ method, fields }) => [method, fields.get("scope"), fields.get("grant_type"), fields.get("service")]),
    [
      ["POST", "repository(plugin):tools/log:pull,push repository:tools/log:pull,push", "password", "test registry"],
      ["POST", "repository(plugin):tools/log:pull repository:tools/log:pull", "password", "test registry"],
    ],
  );
  const refused = await failure(repository(context, host, wrong).manifest("1.0"));
  assert.equal(refused.code, "registry-unauthorized");
  assert.match(refused.text, /wrong user or password/);
  assert.doesNotMatch(refused.text, /hush/);
  assert.equal((await failure(repository(context, host, undefined).manifest("1.0"))).code, "registry-unauthorized");
  // A login by an identity token, as `docker login` keeps it for some registries.
  await repository(context, host, { kind: "identity-token", token: "a long token" }).manifest("1.0");
});

test("tokens: a server that refuses the class is asked without it", async (context) => {
  const tokens = await startTokenServer(context, makeCertificates(folderOf(context)), { refusesClasses: true });
  const { host } = await startRegistry(context, { auth: tokens.auth });
  await writeImage(repository(context, host, right), imageOf([1000]), "1.0");
  assert.equal(tokens.asked.at(-1)?.fields.get("scope"), "repository:tools/log:pull,push");
});

test("tokens: a server without the form is asked by GET, and an early end is noticed", async (context) => {
  const certificates = makeCertificates(folderOf(context));
  const tokens = await startTokenServer(context, certificates, { post: false });
  const { host } = await startRegistry(context, { auth: tokens.auth });
  await writeImage(repository(context, host, right), imageOf([1000]), "1.0");
  assert.deepEqual(new Set(tokens.asked.map(({ method }) => method)), new Set(["POST", "GET"]));
  assert.deepEqual(tokens.asked.at(-1)?.fields.getAll("scope"), [
    "repository(plugin):tools/log:pull,push",
    "repository:tools/log:pull,push",
  ]);

  let taken = 0;
  const proxy = await faultyProxy(context, host, ({ url, headers }) => {
    if (!url.includes("/manifests/") || headers.authorization === undefined) return undefined;
    taken += 1;
    return taken === 2
      ? { status: 401, headers: { "www-authenticate": `Bearer realm="${realmOf(tokens.auth)}",service="test registry"` } }
      : undefined;
  });
  const tools = repository(context, proxy.host, right);
  await tools.manifest("1.0");
  const before = tokens.asked.length;
  await tools.manifest("1.0");
  assert.equal(taken, 3);
  assert.ok(tokens.asked.length > before, "no new token was asked for");
});

test("blobs are mounted between repositories with a token for both", async (context) => {
  const tokens = await startTokenServer(context, makeCertificates(folderOf(context)));
  const { host } = await startRegistry(context, { auth: tokens.auth });
  const image = imageOf([1000]);
  await writeImage(repository(context, host, right, {}, "tools/one"), image, "1.0");
  const other = repository(context, host, right, {}, "tools/other");
  for (const { descriptor } of image.blobs) assert.equal(await other.mount(descriptor, "tools/one"), true);
  for (const { descriptor } of image.blobs) assert.equal(await other.has(descriptor), true);
  const third = repository(context, host, right, {}, "tools/third");
  for (const { descriptor } of image.blobs) assert.equal(await third.mount(descriptor, "tools/none"), false);
  assert.ok(tokens.asked.every((asked) => mayTester(asked)));
});

test("credentials are not sent to a token server in plain text, wherever the registry points", async (context) => {
  const { host } = await startRegistry(context);
  const proxy = await faultyProxy(context, host, () => ({
    status: 401,
    headers: { "www-authenticate": 'Bearer realm="http://tokens.example/token"' },
  }));
  const { code, text } = await failure(repository(context, proxy.host, right).manifest("1.0"));
  assert.equal(code, "registry-redirect");
  assert.match(text, /http:\/\/tokens\.example: credentials are not sent there/);
});

test("TLS: an authority of one's own, by file and as Docker lays it; without it the registry is not believed", async (context) => {
  const folder = folderOf(context);
  const certificates = makeCertificates(folder);
  const { host } = await startRegistry(context, { tls: certificates });
  await writeImage(repository(context, host, undefined, { caFile: certificates.authority }), imageOf([1000]), "1.0");
  const place = layOut(folder, host, certificates);
  assert.equal((await repository(context, host, undefined, { certificates: place }).tags()).length, 1);
  const { code, text } = await failure(repository(context, host, undefined, { retries: 0 }).manifest("1.0"));
  assert.equal(code, "registry-unreachable");
  assert.match(text, /signed by nobody that this machine trusts/);
  const missing = await failure(repository(context, host, undefined, { caFile: join(folder, "none.pem") }).manifest("1.0"));
  assert.equal(missing.code, "registry-certificates");
});

test("TLS: who we are is told by the certificate beside its key", async (context) => {
  const folder = folderOf(context);
  const certificates = makeCertificates(folder);
  const { host } = await startRegistry(context, { tls: { ...certificates, clientAuthority: certificates.authority } });
  const place = layOut(folder, host, certificates);
  const nobody = await failure(repository(context, host, undefined, { certificates: place, retries: 0 }).tags());
  assert.equal(nobody.code, "registry-unreachable");
  copyFileSync(certificates.certificate, join(place, host, "client.cert"));
  copyFileSync(certificates.key, join(place, host, "client.key"));
  await writeImage(repository(context, host, undefined, { certificates: place }), imageOf([1000]), "1.0");
});

function layOut(folder: string, host: string, { authority }: TestCertificates): string {
  mkdirSync(join(folder, "certs.d", host), { recursive: true });
  copyFileSync(authority, join(folder, "certs.d", host, "ca.crt"));
  return join(folder, "certs.d");
}

function realmOf(auth: object): string {
  return (auth as { token: { realm: string } }).token.realm;
}

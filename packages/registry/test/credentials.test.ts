import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { credentialFiles, findDockerCredentials, registryAuthHeader } from "@outrigger/registry";

function config(context: TestContext, value: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-credentials-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "config.json");
  writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
}

function auth(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString("base64");
}

test("credentials are found as docker login writes them, under every spelling of a registry", async (context) => {
  const file = config(context, {
    auths: {
      "https://index.docker.io/v1/": { auth: auth("hub", "a:b") },
      "registry.example:5000": { auth: auth("one", "two") },
      "https://old.example/v2/": { username: "three", password: "four" },
      "token.example": { auth: auth("someone", ""), identitytoken: "long" },
      "sent.example": { registrytoken: "as it is" },
      "none.example": {},
    },
    HttpHeaders: { "X-Other": "kept" },
  });
  const find = (registry: string): ReturnType<typeof findDockerCredentials> =>
    findDockerCredentials(registry, ["/nonexistent/config.json", file]);
  assert.deepEqual(await find("docker.io"), { kind: "password", username: "hub", password: "a:b" });
  assert.deepEqual(await find("registry.example:5000"), { kind: "password", username: "one", password: "two" });
  assert.deepEqual(await find("old.example"), { kind: "password", username: "three", password: "four" });
  assert.deepEqual(await find("token.example"), { kind: "identity-token", token: "long" });
  assert.deepEqual(await find("sent.example"), { kind: "registry-token", token: "as it is" });
  for (const registry of ["none.example", "registry.example", "example"]) assert.equal(await find(registry), undefined);
});

test("a file of credentials that is damaged is an error that quotes nothing of it", async (context) => {
  for (const text of [
    '{"auths": {"a.example": {"auth": "hush',
    '{"auths": {"a.example": {"auth": ["hush"]}}}',
    '{"auths": {"a.example": {"auth": "aHVzaA=="}}}',
  ]) {
    await assert.rejects(findDockerCredentials("a.example", [config(context, text)]), (error: Error & { code: string }) => {
      assert.equal(error.code, "credentials-unreadable");
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hush|aHVzaA/);
      return true;
    });
  }
});

test("credential helpers: asked by their input, for the registries that they are for", async (context) => {
  const file = config(context, {
    credsStore: "outrigger-store",
    credHelpers: { "helped.example": "outrigger-helper" },
    auths: { "b.example": { auth: auth("x", "y") } },
  });
  const folder = join(file, "..", "bin");
  mkdirSync(folder);
  const helper = (name: string, script: string): void => {
    writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n[ "$1" = get ] || exit 9\nread -r server\n${script}\n`);
    chmodSync(join(folder, `docker-credential-${name}`), 0o755);
  };
  helper("outrigger-helper", 'printf \'{"ServerURL":"%s","Username":"<token>","Secret":"of %s"}\' "$server" "$server"');
  helper(
    "outrigger-store",
    '[ "$server" = broken.example ] && { echo "hush-hush is locked"; exit 1; }\n[ "$server" = https://index.docker.io/v1/ ] && { echo \'{"Username":"hub","Secret":"s"}\'; exit; }\n[ "$server" = odd.example ] && { echo "{}"; exit; }\necho "credentials not found in native keychain"; exit 1',
  );
  const path = process.env["PATH"];
  process.env["PATH"] = `${folder}:${path}`;
  context.after(() => {
    process.env["PATH"] = path;
  });
  const find = (registry: string): ReturnType<typeof findDockerCredentials> => findDockerCredentials(registry, [file]);
  assert.deepEqual(await find("helped.example"), { kind: "identity-token", token: "of helped.example" });
  assert.deepEqual(await find("docker.io"), { kind: "password", username: "hub", password: "s" });
  assert.deepEqual(
    await find("b.example"),
    { kind: "password", username: "x", password: "y" },
    "what the store does not have may stand in the file",
  );
  assert.equal(await find("nobody.example"), undefined);
  await assert.rejects(find("broken.example"), { code: "credential-helper-failed", message: /is locked/ });
  await assert.rejects(find("odd.example"), { code: "credential-helper-failed" });
  for (const bad of ["../../bin/sh", "missing-helper"])
    await assert.rejects(findDockerCredentials("a.example", [config(context, { credsStore: bad })]), { code: "credential-helper-failed" });
});

test("an engine is told who asks by a header in base64url", () => {
  const header = registryAuthHeader("docker.io", { kind: "password", username: "me", password: "???>>>" });
  assert.match(header, /^[A-Za-z0-9_=-]+$/);
  assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), {
    username: "me",
    password: "???>>>",
    serveraddress: "https://index.docker.io/v1/",
  });
  assert.equal(registryAuthHeader("registry.example", undefined), "e30=");
  assert.deepEqual(
    JSON.parse(Buffer.from(registryAuthHeader("a.example", { kind: "identity-token", token: "t" }), "base64url").toString()),
    {
      identitytoken: "t",
      serveraddress: "a.example",
    },
  );
});

test("files of credentials: Docker's, then Podman's", () => {
  assert.deepEqual(credentialFiles({ DOCKER_CONFIG: "/d", XDG_RUNTIME_DIR: "/r", XDG_CONFIG_HOME: "/c" }), [
    "/d/config.json",
    "/r/containers/auth.json",
    "/c/containers/auth.json",
  ]);
  assert.deepEqual(
    credentialFiles({ DOCKER_CONFIG: "/d", REGISTRY_AUTH_FILE: "/a.json", XDG_RUNTIME_DIR: "/r", XDG_CONFIG_HOME: "/c" })[1],
    "/a.json",
  );
});

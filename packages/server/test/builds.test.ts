import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { BuildResource, Page, VersionResource } from "../src/api/resources.ts";
import { readEvents } from "./support/events.ts";
import { endedBuild, manifest, type TarEntry, tarOf } from "./support/samples.ts";
import { type TestServer, testServer, until } from "./support/server.ts";

const plugins = "/teams/default/plugins";
const version = `${plugins}/log/versions/1.0.0`;
const fromDockerfile = manifest("log", { pod: { source: { dockerfile: { context: ".", target: "final", args: { A: "1" } } } } });

async function buildWith(server: TestServer, body: unknown): Promise<BuildResource> {
  const answer = await server.send<BuildResource>("POST", `${version}/builds`, body === undefined ? {} : { body });
  if (answer.status !== 202) throw new TypeError(JSON.stringify(answer.body));
  return await endedBuild(server, answer.body.id);
}

function uploads(server: TestServer): readonly string[] {
  return readdirSync(join(server.dataDir, "uploads"));
}

test("a Dockerfile's context is uploaded, checked, built, and removed again", async (context) => {
  const server = await testServer(context);
  await server.send("POST", plugins, { body: fromDockerfile });
  await server.refused(422, "context-required", "POST", `${version}/builds`);
  const tar = await tarOf(
    { name: "Dockerfile", text: "FROM scratch" },
    { name: "sub/", type: "directory" },
    { name: "sub/up", type: "symlink", linkname: "../Dockerfile" },
  );
  const build = await buildWith(server, tar);
  assert.deepEqual([build.state, build.subject], ["built", "plugin:log@1.0.0"]);
  const { request, bytes } = server.engine.builds[0] ?? {};
  assert.equal(bytes, tar.length);
  assert.deepEqual([request?.file, request?.target, request?.args], ["Dockerfile", "final", { A: "1" }]);
  const { body } = await server.send<VersionResource>("GET", version);
  assert.deepEqual([body.state, body.contextDigest, body.lastBuild], ["built", build.contextDigest, build.id]);
  assert.deepEqual(uploads(server), []);
  const text = await server.send<string>("GET", `/teams/default/builds/${build.id}/log`);
  assert.equal(text.body, "Step 1/1 : FROM scratch\ndone\n");
});

test("contexts that could reach outside are refused, and nothing of them stays", async (context) => {
  const server = await testServer(context, { limits: { contextBytes: 100_000 } });
  await server.send("POST", plugins, { body: fromDockerfile });
  const file: TarEntry = { name: "Dockerfile", text: "FROM scratch" };
  const bad: readonly (readonly [string, readonly TarEntry[]])[] = [
    ["a path with ..", [file, { name: "a/../../x" }]],
    ["an absolute path", [file, { name: "/etc/passwd" }]],
    ["an absolute link", [file, { name: "x", type: "symlink", linkname: "/etc/passwd" }]],
    ["a link that climbs out", [file, { name: "a/x", type: "symlink", linkname: "../../etc" }]],
    [
      "a link that climbs through a link",
      [file, { name: "d", type: "symlink", linkname: "." }, { name: "x", type: "symlink", linkname: "d/../../etc" }],
    ],
    ["a file behind a link", [file, { name: "d", type: "symlink", linkname: "." }, { name: "d/x", text: "x" }]],
    ["a hard link to outside", [file, { name: "x", type: "link", linkname: "../x" }]],
    ["a device", [file, { name: "x", type: "character-device" }]],
    ["a pipe", [file, { name: "x", type: "fifo" }]],
    ["no Dockerfile", [{ name: "other", text: "x" }]],
  ];
  for (const [what, entries] of bad) {
    const { detail } = await server.refused(422, "context-unsafe", "POST", `${version}/builds`, { body: await tarOf(...entries) });
    assert.ok(detail.length > 30, what);
  }
  await server.refused(422, "context-unsafe", "POST", `${version}/builds`, { body: Buffer.alloc(2048, "x") });
  await server.refused(413, "context-too-large", "POST", `${version}/builds`, {
    body: await tarOf(file, { name: "big", text: "x".repeat(200_000) }),
  });
  assert.deepEqual(uploads(server), []);
  assert.deepEqual([server.engine.builds.length, (await server.send<VersionResource>("GET", version)).body.state], [0, "draft"]);
  assert.equal((await server.send<Page<BuildResource>>("GET", "/teams/default/builds")).body.items.length, 0);
});

test("a build that fails, takes too long, or is cut off by a restart ends with its reason", async (context) => {
  const server = await testServer(context, { limits: { buildSeconds: 0.2 } });
  await server.send("POST", plugins, { body: fromDockerfile });
  const tar = await tarOf({ name: "Dockerfile", text: "FROM scratch" });
  server.engine.failure = () => Promise.reject(new TypeError("the engine burns"));
  const failed = await buildWith(server, tar);
  assert.deepEqual([failed.state, failed.reason], ["failed", "the engine burns"]);
  assert.equal((await server.send<VersionResource>("GET", version)).body.state, "failed");
  server.engine.failure = () => new Promise(() => {});
  const late = await buildWith(server, tar);
  assert.equal(late.state, "timed-out");
  assert.match(late.reason ?? "", /longer than 0.2 s/);
  await server.restart({ limits: { buildSeconds: 100 } });
  const { body } = await server.send<BuildResource>("POST", `${version}/builds`, { body: tar });
  await until(() => server.engine.builds.length === 3, "the build to run");
  await server.restart();
  const cut = await endedBuild(server, body.id);
  assert.deepEqual([cut.state, cut.reason], ["failed", "The server stopped before the build ended."]);
  assert.equal((await server.send<VersionResource>("GET", version)).body.state, "failed");
  assert.deepEqual(uploads(server), []);
});

test("builds wait in line, up to a limit", async (context) => {
  const server = await testServer(context, { limits: { concurrentBuilds: 1, queuedBuilds: 1 } });
  server.engine.failure = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const ids: string[] = [];
  for (const name of ["a", "b"]) {
    await server.send("POST", plugins, { body: manifest(name) });
    ids.push((await server.send<BuildResource>("POST", `${plugins}/${name}/versions/1.0.0/builds`)).body.id);
  }
  await server.send("POST", plugins, { body: manifest("c") });
  await server.refused(429, "build-queue-full", "POST", `${plugins}/c/versions/1.0.0/builds`);
  assert.equal((await server.send<BuildResource>("GET", `/teams/default/builds/${ids[1]}`)).body.state, "queued");
  for (const id of ids.toReversed()) await server.send("POST", `/teams/default/builds/${id}/cancel`);
  for (const id of ids) assert.equal((await endedBuild(server, id)).state, "cancelled");
});

test("a build's log streams while it runs and is resumed where it broke off", async (context) => {
  const server = await testServer(context);
  let finish = (): void => {};
  server.engine.failure = () => new Promise((resolve) => (finish = resolve));
  await server.send("POST", plugins, { body: fromDockerfile });
  const body = await tarOf({ name: "Dockerfile", text: "FROM scratch" });
  const { body: build } = await server.send<BuildResource>("POST", `${version}/builds`, { body });
  const at = `/teams/default/builds/${build.id}/log`;
  const events = readEvents(server, at);
  const first = await events.next();
  assert.deepEqual(first.value, { id: "1", event: "line", data: { text: "Step 1/1 : FROM scratch" } });
  finish();
  assert.deepEqual((await events.next()).value, { id: "2", event: "line", data: { text: "done" } });
  const end = (await events.next()).value;
  assert.equal(end?.event === "end" && (end.data as BuildResource).state, "built");
  assert.equal((await events.next()).done, true, "the stream ends with the build");
  const resumed = await Array.fromAsync(readEvents(server, at, { "last-event-id": "1" }));
  assert.deepEqual(
    resumed.map(({ event, id }) => `${event} ${id}`),
    ["line 2", "end undefined"],
  );
});

async function repository(context: TestContext): Promise<{ folder: string; commit: string }> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-git-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...words: string[]): string =>
    execFileSync("git", ["-C", folder, "-c", "user.name=T", "-c", "user.email=t@example.com", ...words], { encoding: "utf8" });
  git("init", "-q", "-b", "main");
  mkdirSync(join(folder, "image"));
  writeFileSync(join(folder, "image", "Dockerfile"), "FROM scratch\n");
  symlinkSync("/etc", join(folder, "out"));
  git("add", "-A");
  git("commit", "-qm", "One");
  const commit = git("rev-parse", "HEAD").trim();
  writeFileSync(join(folder, "image", "more"), "x");
  git("add", "-A");
  git("commit", "-qm", "Two");
  return { folder, commit };
}

function fromGit(git: object): object {
  return manifest("log", { pod: { source: { git } } });
}

test("a git repository is fetched at a ref and its context folder built", async (context) => {
  const server = await testServer(context, { limits: { localGit: true } });
  const { folder, commit } = await repository(context);
  for (const ref of ["main", commit]) {
    await server.send("POST", plugins, { body: fromGit({ url: folder, ref, context: "image" }) });
    const build = await buildWith(server, undefined);
    assert.equal(build.state, "built", String(build.reason));
    await server.send("DELETE", version);
  }
  assert.ok((server.engine.builds[0]?.bytes ?? 0) > (server.engine.builds[1]?.bytes ?? 0), "the commit has a file less");
  const wrong = [
    [{ url: folder, ref: "nothing" }, /git fetch failed/],
    [{ url: folder, ref: "main", context: "../.." }, /leads out|no such folder/],
    [{ url: folder, ref: "main", context: "out" }, /leads out/],
    [{ url: folder, ref: "main", context: ".", file: "image/Dockerfile" }, /"out".*links to/],
    [{ url: folder, ref: "--upload-pack=touch /tmp/x" }, /no name of a branch/],
    [{ url: "ext::sh -c id", ref: "main" }, /ext:/],
    [{ url: "--upload-pack=id", ref: "main" }, /no URL/],
    [{ url: "https://user:pass@example.com/x", ref: "main" }, /holds credentials/],
  ] as const;
  for (const [git, reason] of wrong) {
    await server.send("POST", plugins, { body: fromGit(git) });
    const build = await buildWith(server, undefined);
    assert.deepEqual([build.state, build.reason?.match(reason) !== null], ["failed", true], String(build.reason));
  }
  assert.deepEqual(uploads(server), []);
  await server.restart({ limits: { localGit: false } });
  await server.send("POST", plugins, { body: fromGit({ url: folder, ref: "main" }) });
  assert.match((await buildWith(server, undefined)).reason ?? "", /no URL/);
});

test("git gets the team's credentials for its host only, and no log shows them", async (context) => {
  const server = await testServer(context);
  const seen: (string | undefined)[] = [];
  const remote = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(request.headers.authorization === undefined ? 401 : 404, { "www-authenticate": "Basic" }).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => remote.once("listening", resolve));
  context.after(() => remote.close());
  const url = `http://127.0.0.1:${(remote.address() as AddressInfo).port}/x.git`;
  await server.send("PUT", "/teams/default/credentials/git", {
    body: { kind: "git", host: "127.0.0.1", username: "me", password: "pa55word" },
  });
  await server.send("POST", plugins, { body: fromGit({ url, ref: "main" }) });
  const build = await buildWith(server, undefined);
  assert.equal(build.state, "failed");
  assert.ok(seen.includes(`Basic ${Buffer.from("me:pa55word").toString("base64")}`), JSON.stringify(seen));
  const text = await server.send<string>("GET", `/teams/default/builds/${build.id}/log`);
  assert.doesNotMatch(text.body + JSON.stringify(build), /pa55word/);
});

test("a registry's credentials go with pulls from it, and with no others", async (context) => {
  const server = await testServer(context);
  await server.send("PUT", "/teams/default/credentials/r", {
    body: { kind: "registry", host: "registry.example:5000", username: "me", password: "p" },
  });
  for (const [name, image] of [
    ["a", "registry.example:5000/x:1"],
    ["b", "other.example/x:1"],
  ] as const) {
    await server.send("POST", plugins, { body: manifest(name, { pod: { source: { image } } }) });
    await endedBuild(server, (await server.send<BuildResource>("POST", `${plugins}/${name}/versions/1.0.0/builds`)).body.id);
  }
  assert.deepEqual(
    server.engine.pulls.map(({ credentials }) => credentials),
    [{ username: "me", password: "p" }, undefined],
  );
});

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { authzKit } from "./authz-kit.ts";

test("a request and its answer are written down, with chosen fields and without secrets", async (context) => {
  const { ask, answer, trail } = await authzKit(context);
  const body = { Image: "nginx", Env: ["PASSWORD=hunter2"], HostConfig: { binds: ["/a:/b"], Memory: 5 } };
  const headers = { "X-Token": "hunter3" };
  await ask("POST", "/v1.41/containers/create?name=sh%20op&secret=hunter4", { user: "dev-ann", body, headers });
  await answer("POST", "/v1.41/containers/create?name=sh%20op&secret=hunter4", 201);
  await ask("POST", "/v1.41/images/create?fromSrc=https://me:hunter5@host/x", {});
  const [request, other] = trail();
  assert.doesNotMatch(JSON.stringify(trail()), /hunter/);
  const { id, time, duration, ...rest } = request ?? {};
  assert.deepEqual(rest, {
    event: "request",
    user: "dev-ann",
    authentication: "TLS",
    client: "Docker-Client/28.2.2 (linux)",
    method: "POST",
    path: "/containers/create",
    version: "1.41",
    query: { name: "sh op", secret: "(not written down)" },
    fields: { Image: "nginx", "HostConfig.Binds": ["/a:/b"] },
    decision: "allow",
  });
  assert.ok(typeof id === "string" && typeof time === "string" && typeof duration === "number");
  // The kit's answer has no user: it is nobody's.
  assert.deepEqual([other?.["event"], other?.["status"], other?.["path"]], ["answer", 201, "/containers/create"]);
});

test("an answer has the id of its request, equal ones in their order", async (context) => {
  const { ask, answer, trail } = await authzKit(context);
  await ask("GET", "/v1.41/info");
  await ask("GET", "/v1.41/info");
  await answer("GET", "/v1.41/info", 200);
  await answer("GET", "/v1.41/info", 500);
  const [one, two, first, second] = trail();
  assert.deepEqual([first?.["id"], second?.["id"]], [one?.["id"], two?.["id"]]);
  assert.ok(Number(first?.["duration"]) > 0);
  assert.equal(second?.["status"], 500);
});

test("a refusal is written down with its rule and reason, and so is a path that nobody can read", async (context) => {
  const { ask, trail } = await authzKit(context, "rules: [{ name: none, deny: Nobody. }]");
  await ask("GET", "/v1.41/info");
  await ask("GET", "/v1.41/../info?x=hunter2");
  assert.deepEqual(
    trail().map(({ decision, rule, reason, path, uri }) => [decision, rule, reason, path ?? uri]),
    [
      ["deny", "none", "Nobody.", "/info"],
      ["deny", undefined, "its path can be read in more than one way", "/v1.41/../info"],
    ],
  );
});

test("files of the trail are ended by size and counted", async (context) => {
  const kit = await authzKit(context, undefined, {});
  const folder = join(kit.folder, "trail");
  const small = await authzKit(context, undefined, { trail: { file: join(folder, "audit.jsonl"), size: 2000, files: 3 } });
  for (let index = 0; index < 50; index += 1) await small.ask("GET", `/v1.41/containers/${index}/json`);
  assert.deepEqual(readdirSync(folder).toSorted(), ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]);
  const text = ["audit.jsonl.2", "audit.jsonl.1", "audit.jsonl"].map((name) => readFileSync(join(folder, name), "utf8")).join("");
  const paths = text
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { path: string }).path);
  assert.deepEqual(
    paths,
    Array.from({ length: paths.length }, (_, index) => `/containers/${50 - paths.length + index}/json`),
  );
  assert.ok(readFileSync(join(folder, "audit.jsonl.1")).length <= 2000);
});

test("while the trail can't be written nothing is allowed, unless that is wished", async (context) => {
  for (const required of [true, false]) {
    const { ask, folder } = await authzKit(context, undefined, { required });
    mkdirSync(join(folder, "audit.jsonl"));
    const expected = required ? "the audit trail can't be written" : undefined;
    assert.equal(await ask("GET", "/_ping"), expected);
    rmdirSync(join(folder, "audit.jsonl"));
    assert.equal(await ask("GET", "/_ping"), undefined);
  }
});

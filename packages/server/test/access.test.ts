import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewTokenResource, Page, ProblemDocument, Role, TeamResource, TokenResource } from "../src/api/resources.ts";
import { manifest } from "./support/samples.ts";
import { type TestServer, testServer } from "./support/server.ts";

async function tokenFor(server: TestServer, roles: Readonly<Record<string, Role>>): Promise<string> {
  const { body } = await server.send<NewTokenResource>("POST", "/tokens", { body: { description: "test", roles } });
  return body.token;
}

const shop = { components: [{ name: "web", image: "x" }] };

test("no token, a wrong one, or one in the URL is 401; health and the API's description need none", async (context) => {
  const server = await testServer(context);
  for (const token of ["", "x", "outrigger_admin_", `${server.adminToken}x`, server.adminToken.replace("admin", "nobody")]) {
    await server.refused(401, "unauthorized", "GET", "/teams", { token });
  }
  await server.refused(401, "unauthorized", "GET", `/teams?token=${server.adminToken}&access_token=${server.adminToken}`, { token: "" });
  await server.refused(401, "unauthorized", "GET", "/teams", { token: "", headers: { cookie: `token=${server.adminToken}` } });
  const basic = `Basic ${Buffer.from(`admin:${server.adminToken}`).toString("base64")}`;
  const answer = await server.send("GET", "/teams", { token: "", headers: { authorization: basic } });
  assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [401, "Bearer"]);
  assert.deepEqual((await server.send("GET", "/health", { token: "" })).body, { ok: true });
  assert.equal((await server.send("GET", "/openapi.json", { token: "" })).status, 200);
  await server.refused(404, "route-unknown", "GET", "/nothing", { token: "" });
});

/** Each route that a role opens, with the lowest role that does. */
const doors: readonly (readonly [role: Role | "admin-token", method: string, path: string, body?: unknown])[] = [
  ["viewer", "GET", "/teams/blue"],
  ["viewer", "GET", "/teams/blue/plugins"],
  ["viewer", "GET", "/teams/blue/applications"],
  ["viewer", "GET", "/teams/blue/builds"],
  ["viewer", "GET", "/teams/blue/events"],
  ["developer", "POST", "/teams/blue/plugins", manifest("log")],
  ["developer", "PUT", "/teams/blue/applications/shop", shop],
  ["developer", "DELETE", "/teams/blue/applications/shop"],
  ["developer", "POST", "/teams/blue/plugins/log/versions/1.0.0/builds"],
  ["admin", "GET", "/teams/blue/credentials"],
  ["admin", "PUT", "/teams/blue/credentials/c", { kind: "git", host: "h.example", username: "u", password: "p" }],
  ["admin-token", "PATCH", "/teams/blue", { allow: ["privileged"] }],
  ["admin-token", "DELETE", "/teams/blue"],
  ["admin-token", "POST", "/teams", { name: "mine" }],
  ["admin-token", "GET", "/tokens"],
  ["admin-token", "POST", "/tokens", { admin: true }],
  ["admin-token", "DELETE", "/tokens/admin"],
];

test("a role opens what it should and nothing more; other teams look as if they were not there", async (context) => {
  const server = await testServer(context);
  for (const name of ["blue", "red"]) await server.send("POST", "/teams", { body: { name } });
  const ranks: readonly Role[] = ["viewer", "developer", "admin"];
  const stranger = await tokenFor(server, { red: "admin" });
  for (const role of ranks) {
    const token = await tokenFor(server, { blue: role });
    for (const [needed, method, path, body] of doors) {
      const allowed = needed !== "admin-token" && ranks.indexOf(role) >= ranks.indexOf(needed);
      const { status } = await server.send(method, path, { token, ...(body === undefined ? {} : { body }) });
      assert.equal(status === 403, !allowed, `${role} ${method} ${path}: ${status}`);
      assert.notEqual(status, 401);
    }
  }
  for (const [needed, method, path, body] of doors) {
    if (needed === "admin-token") continue;
    const given = body === undefined ? {} : { body };
    const hidden = await server.send<ProblemDocument>(method, path, { token: stranger, ...given });
    const unknown = await server.send<ProblemDocument>(method, path.replace("blue", "none"), { token: stranger, ...given });
    assert.deepEqual([hidden.status, unknown.status], [404, 404], path);
    assert.equal(JSON.stringify(hidden.body).replaceAll("blue", "none"), JSON.stringify(unknown.body));
  }
  const { body: teams } = await server.send<Page<TeamResource>>("GET", "/teams", { token: stranger });
  assert.deepEqual(
    teams.items.map(({ name }) => name),
    ["red"],
  );
});

test("a token's text is given once, stored as a hash, and stops working when it is deleted", async (context) => {
  const server = await testServer(context);
  const { body: made } = await server.send<NewTokenResource>("POST", "/tokens", {
    body: { description: "ci", roles: { default: "viewer" } },
  });
  const { body: listed } = await server.send<Page<TokenResource>>("GET", "/tokens");
  assert.deepEqual(listed.items.map(({ id }) => id).toSorted(), ["admin", made.id].toSorted());
  assert.ok(!JSON.stringify(listed).includes(made.token.slice(-20)));
  assert.equal((await server.send("GET", "/teams/default", { token: made.token })).status, 200);
  assert.equal((await server.send("DELETE", `/tokens/${made.id}`)).status, 204);
  await server.refused(401, "unauthorized", "GET", "/teams/default", { token: made.token });
  await server.refused(409, "admin-token-kept", "DELETE", "/tokens/admin");
  await server.refused(422, "request-invalid", "POST", "/tokens", { body: { roles: { nowhere: "admin" } } });
  await server.refused(422, "request-invalid", "POST", "/tokens", { body: { roles: { default: "owner" } } });
});

test("a team is deleted only when it is empty, and the default team never", async (context) => {
  const server = await testServer(context);
  await server.refused(409, "team-in-use", "DELETE", "/teams/default");
  await server.send("POST", "/teams", { body: { name: "blue" } });
  await server.refused(409, "team-exists", "POST", "/teams", { body: { name: "blue" } });
  const token = await tokenFor(server, { blue: "viewer" });
  await server.send("POST", "/teams/blue/plugins", { body: manifest("log") });
  await server.refused(409, "team-in-use", "DELETE", "/teams/blue");
  await server.send("DELETE", "/teams/blue/plugins/log");
  assert.equal((await server.send("DELETE", "/teams/blue")).status, 204);
  await server.send("POST", "/teams", { body: { name: "blue" } });
  await server.refused(404, "team-unknown", "GET", "/teams/blue", { token });
});

test("names with quotes, slashes, dots and line breaks are values, never statements or paths", async (context) => {
  const server = await testServer(context);
  await server.send("PUT", "/teams/default/applications/shop", { body: shop });
  for (const name of ["shop' or '1'='1", "..", "../../etc", "shop;drop table teams", "shop\r\nX: y", "%00", "a".repeat(200)]) {
    const answer = await server.send<ProblemDocument>("GET", `/teams/default/applications/${encodeURIComponent(name)}`);
    assert.ok([404, 422].includes(answer.status), `${name}: ${answer.status}`);
    assert.equal(answer.headers.get("x"), null);
    const team = await server.send<ProblemDocument>("GET", `/teams/${encodeURIComponent(name)}/applications`);
    assert.ok([404, 422].includes(team.status), `${name}: ${team.status}`);
  }
  const { status } = await server.send("GET", `/teams/default/applications?after=${encodeURIComponent("' or 1=1 --")}`);
  assert.equal(status, 200);
  await server.refused(422, "request-invalid", "GET", "/teams/default/builds?after=1%20or%201=1");
  await server.refused(422, "request-invalid", "GET", "/teams/default/applications?limit=100000");
  await server.refused(422, "request-invalid", "GET", "/teams/default/applications?limt=1");
  assert.equal((await server.send("GET", "/teams")).status, 200);
});

test("keys that JavaScript inherits are refused or are plain data", async (context) => {
  const server = await testServer(context);
  const write = (text: string): Promise<number> =>
    server
      .send("PUT", "/teams/default/applications/shop", { body: text, headers: { "content-type": "application/json" } })
      .then(({ status }) => status);
  assert.equal(await write('{"components":[{"name":"web","image":"x","env":{"__proto__":{"a":"b"}}}]}'), 400);
  assert.equal(await write('{"components":[{"name":"web","image":"x","constructor":{"prototype":{"a":1}}}]}'), 400);
  assert.equal(await write('{"components":[{"name":"web","image":"x","env":{"constructor":"c","toString":"t"}}]}'), 201);
  const { body } = await server.send<{ spec: { env: object } }>("GET", "/teams/default/applications/shop/components/web");
  assert.deepEqual(Object.entries(body.spec.env), [
    ["constructor", "c"],
    ["toString", "t"],
  ]);
  assert.equal(({} as Record<string, unknown>)["a"], undefined);
});

test("bodies that are too large, of another type or no JSON are refused", async (context) => {
  const server = await testServer(context);
  const at = "/teams/default/applications/shop";
  await server.refused(413, "body-too-large", "PUT", at, { body: { components: [{ name: "web", image: "x".repeat(17 * 1024 * 1024) }] } });
  await server.refused(415, "media-type", "PUT", at, { body: "<a/>", headers: { "content-type": "application/xml" } });
  await server.refused(400, "request-malformed", "PUT", at, { body: "{", headers: { "content-type": "application/json" } });
  await server.refused(422, "request-invalid", "PUT", at, { body: [] });
});

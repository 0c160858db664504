import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouteRequest } from "@outrigger/sdk";
import { routeOf, visit } from "./support/visit.ts";

const list = {
  method: "GET",
  target: "/v1.41/containers/json?all=1",
  route: "container.list",
  headers: [
    ["X-Registry-Auth", "secret"],
    ["Accept", "*/*"],
  ] as const,
};
const json = (body: unknown) => ({
  status: 200,
  headers: [
    ["Content-Type", "application/json"],
    ["Server", "Docker"],
  ] as const,
  body: Buffer.from(JSON.stringify(body)),
});

test("a route is removed, added or replaced", async () => {
  const removed = await visit({ ...list, routes: [routeOf({ method: "GET", path: "/containers/json", action: "remove" })] });
  assert.deepEqual([removed.answer.status, removed.sent], [404, undefined]);
  const seen: RouteRequest[] = [];
  const hello = routeOf({
    method: "*",
    path: "/outrigger/{who}",
    action: "handle",
    handle: (request) => {
      seen.push(request);
      return Promise.resolve({ status: 200, body: { hello: request.parameters["who"] } });
    },
  });
  const added = await visit({ method: "GET", target: "/outrigger/world", routes: [hello], headers: list.headers });
  assert.deepEqual(JSON.parse(String(added.answer.body)), { hello: "world" });
  assert.deepEqual(added.answer.headers, [["Content-Type", "application/json"]]);
  assert.deepEqual(seen[0]?.headers, { accept: "*/*" });
});

test("routes answer with a version, without, or both, as they say", async () => {
  const taken = async (versions: "both" | "versioned" | "unversioned", target: string) =>
    (await visit({ ...list, target, routes: [routeOf({ method: "GET", path: "/containers/json", action: "remove", versions })] })).answer
      .status === 404;
  assert.deepEqual(await Promise.all(["/v1.41/containers/json", "/containers/json"].map((target) => taken("versioned", target))), [
    true,
    false,
  ]);
  assert.deepEqual(await Promise.all(["/v1.41/containers/json", "/containers/json"].map((target) => taken("unversioned", target))), [
    false,
    true,
  ]);
  assert.deepEqual(await Promise.all(["/v1.41/containers/json", "/containers/json"].map((target) => taken("both", target))), [true, true]);
});

test("wrappers nest in their order: requests inwards, answers outwards", async () => {
  const order: string[] = [];
  const wrapper = (name: string) =>
    routeOf({
      plugin: name,
      method: "GET",
      path: "/containers/*",
      action: "wrap",
      wraps: ["request", "response"],
      request: (request) => {
        order.push(`${name} request`);
        return Promise.resolve({ ...request, query: [...request.query, [name, "1"] as const] });
      },
      response: (_, response) => {
        order.push(`${name} response`);
        return Promise.resolve({
          ...response,
          body: (response.body as readonly { readonly Id: string }[]).filter(({ Id }) => Id !== name),
        });
      },
    });
  const { sent, answer } = await visit({
    ...list,
    routes: [wrapper("outer"), wrapper("inner")],
    answer: json([{ Id: "outer" }, { Id: "inner" }, { Id: "mine" }]),
  });
  assert.deepEqual(order, ["outer request", "inner request", "inner response", "outer response"]);
  assert.equal(sent?.target, "/v1.41/containers/json?all=1&outer=1&inner=1");
  assert.deepEqual(JSON.parse(String(answer.body)), [{ Id: "mine" }]);
  assert.deepEqual(answer.headers, [
    ["Content-Type", "application/json"],
    ["Server", "Docker"],
  ]);
});

test("headers that a wrapper leaves keep their spelling, place and number, as BuildKit's sessions need", async () => {
  const headers = [
    ["X-Registry-Auth", "secret"],
    ["X-Docker-Expose-Session-Grpc-Method", "/one"],
    ["X-Docker-Expose-Session-Grpc-Method", "/two"],
    ["X-Old", "1"],
  ] as const;
  const wrapper = (request: (given: RouteRequest) => RouteRequest) =>
    routeOf({ method: "GET", path: "*", action: "wrap", wraps: ["request"], request: (given) => Promise.resolve(request(given)) });
  const copied = await visit({ ...list, headers, routes: [wrapper((given) => ({ ...given, headers: { ...given.headers } }))] });
  assert.deepEqual([copied.sent?.headers, copied.sent?.target, copied.sent?.body], [undefined, undefined, undefined]);
  const changed = await visit({
    ...list,
    headers,
    routes: [
      wrapper((given) => {
        const { "x-old": _, ...others } = given.headers;
        return { ...given, headers: { ...others, "x-new": "2" } };
      }),
    ],
  });
  assert.deepEqual(changed.sent?.headers, [...headers.slice(0, 3), ["x-new", "2"]]);
});

test("a wrapper that changes nothing leaves the answer's bytes as they are, and streams pass by", async () => {
  const wrap = routeOf({ method: "GET", path: "*", action: "wrap", wraps: ["response"] });
  const body = Buffer.from('[ {"Id" : 9223372036854771712} ]');
  const { answer } = await visit({ ...list, routes: [wrap], answer: { ...json([]), body } });
  assert.equal(String(answer.body), String(body));
  const events = await visit({
    method: "GET",
    target: "/events",
    route: "system.events",
    routes: [wrap],
    answer: { ...json([]), body: (async function* () {})() },
  });
  assert.ok(!Buffer.isBuffer(events.answer.body));
});

test("a wrapper can answer by itself", async () => {
  const wrap = routeOf({
    method: "GET",
    path: "/containers/json",
    action: "wrap",
    wraps: ["request"],
    request: () => Promise.resolve({ respond: { status: 418, body: "no" } }),
  });
  const { answer, sent } = await visit({ ...list, routes: [wrap] });
  assert.deepEqual([answer.status, String(answer.body), sent], [418, "no", undefined]);
});

test("what a wrapper makes of a create is what the hooks see", async () => {
  const wrap = routeOf({
    method: "POST",
    path: "/containers/create",
    action: "wrap",
    wraps: ["request"],
    request: (request) => Promise.resolve({ ...request, body: { Image: "wrapped" } }),
  });
  const seen: unknown[] = [];
  const { body } = await visit({
    target: "/containers/create",
    route: "container.create",
    body: { Image: "given" },
    routes: [wrap],
    hooks: { "container.preCreate": (input: { readonly body: { readonly Image: string } }) => void seen.push(input.body.Image) },
  });
  assert.deepEqual([seen, body], [["wrapped"], { Image: "wrapped" }]);
});

test("api.request sees method, path, version, route and query, and nothing that holds contents", async () => {
  const seen: unknown[] = [];
  await visit({
    method: "POST",
    target: "/v1.41/build?t=a&buildargs=%7B%22TOKEN%22%3A%22x%22%7D",
    route: "build",
    hooks: { "api.request": (input) => void seen.push(input) },
  });
  assert.deepEqual(seen, [{ method: "POST", path: "/build", version: "1.41", query: [["t", "a"]], route: "build" }]);
});

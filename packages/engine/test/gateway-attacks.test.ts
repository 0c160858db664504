import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { engineErrors, type Handler } from "../src/index.ts";
import { docker, engineSocket, exchange, plainRequest, run, sleeper, tapEngine, testGateway, unique, until } from "./support/gateway.ts";

const body = '{"Image":"debian:bookworm-slim"}';
const json = ["Content-Type: application/json", `Content-Length: ${body.length}`];

/** A gateway that refuses to create containers, and a look at what it sends to the real engine. */
async function guarded(context: TestContext) {
  const tap = await tapEngine(context);
  const forbid: Handler = () => Promise.reject(engineErrors["plugin-refused"]({ plugin: "guard", reason: "no", hint: "" }));
  const started = await testGateway(context, {
    socket: tap.path,
    intercept: (_method, _target, route) => (route?.name === "container.create" ? { handler: forbid } : undefined),
  });
  return { ...started, tap };
}

async function exists(name: string): Promise<boolean> {
  return (await run("docker", ["container", "inspect", name])).code === 0;
}

const disguises: Readonly<Record<string, (name: string) => string>> = {
  plainly: (name) => plainRequest(`POST /containers/create?name=${name}`, json, body),
  "with a version": (name) => plainRequest(`POST /v1.41/containers/create?name=${name}`, json, body),
  "with an odd version": (name) => plainRequest(`POST /v01.41.0/containers/create?name=${name}`, json, body),
  "encoded once": (name) => plainRequest(`POST /containers/%63re%61te?name=${name}`, json, body),
  "with an encoded slash": (name) => plainRequest(`POST /containers%2fcreate?name=${name}`, json, body),
  "with two slashes": (name) => plainRequest(`POST //containers//create?name=${name}`, json, body),
  "by way of ..": (name) => plainRequest(`POST /images/../containers/create?name=${name}`, json, body),
  "by way of an encoded ..": (name) => plainRequest(`POST /images/%2e%2e/containers/create?name=${name}`, json, body),
  "with the whole URL": (name) => plainRequest(`POST http://docker/v1.41/containers/create?name=${name}`, json, body),
  "with an upgrade": (name) =>
    plainRequest(`POST /containers/create?name=${name}`, [...json, "Upgrade: tcp"], body).replace(
      "Connection: close",
      "Connection: Upgrade",
    ),
  "with an upgrade to h2c": (name) =>
    plainRequest(
      `POST /containers/create?name=${name}`,
      [...json, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"],
      body,
    ).replace("Connection: close", "Connection: Upgrade, HTTP2-Settings"),
  "inside another request's body": (name) => {
    const inner = plainRequest(`POST /containers/create?name=${name}`, json, body);
    return `POST /containers/none/start HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`;
  },
  "behind a short length": (name) =>
    `POST /containers/none/start HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n${plainRequest(`POST /containers/create?name=${name}`, json, body)}`,
  "behind a GET with a body": (name) =>
    `GET /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde${plainRequest(`POST /containers/create?name=${name}`, json, body)}`,
  "behind an attach that becomes none": (name) =>
    `POST /containers/none/attach HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n${plainRequest(`POST /containers/create?name=${name}`, json, body)}`,
  "behind an exec start that becomes none": (name) =>
    `POST /exec/none/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}${plainRequest(`POST /containers/create?name=${name}`, json, body)}`,
  "behind a session that becomes none": (name) =>
    `POST /session HTTP/1.1\r\nHost: a\r\n\r\n${plainRequest(`POST /containers/create?name=${name}`, json, body)}`,
  "behind a websocket that becomes none": (name) =>
    `GET /containers/none/attach/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${plainRequest(`POST /containers/create?name=${name}`, json, body)}`,
  "with lower-case method": (name) => plainRequest(`post /containers/create?name=${name}`, json, body),
  "with bare line feeds": (name) => plainRequest(`POST /containers/create?name=${name}`, json, body).replaceAll("\r\n", "\n"),
  "by HTTP/1.0": (name) => plainRequest(`POST /containers/create?name=${name}`, json, body).replace("HTTP/1.1", "HTTP/1.0"),
  "by HTTP/2 prior knowledge": (name) =>
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${plainRequest(`POST /containers/create?name=${name}`, json, body)}`,
  "with a form's override": (name) =>
    plainRequest(
      "POST /containers/create",
      ["Content-Type: application/x-www-form-urlencoded", `Content-Length: ${name.length + 5}`],
      `name=${name}`,
    ),
};

for (const [how, disguise] of Object.entries(disguises)) {
  test(`a container that a handler forbids is not created ${how}`, async (context) => {
    const { path, tap } = await guarded(context);
    const name = unique();
    context.after(() => run("docker", ["rm", "-f", name]));
    const answer = await exchange(path, disguise(name), 700);
    assert.match(answer, /^HTTP\/1\.[01] (4\d\d|503|501|200|500) /);
    assert.equal(await exists(name), false);
    for (const sent of tap.sent()) assert.doesNotMatch(sent, new RegExp(`POST \\S*create\\?name=${name}`));
  });
}

test("what is refused for its form is told as the engine tells errors", async (context) => {
  const { path } = await testGateway(context);
  for (const bytes of [
    plainRequest("GET http://a/info"),
    plainRequest("GET /info", ["Host: b"]),
    "GET /info HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n",
    "\x16\x03\x01\x00\xa5\x01\n",
  ]) {
    const answer = await exchange(path, bytes);
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(answer, /\r\nContent-Type: application\/json\r\n/);
    assert.match(answer, /\r\nConnection: close\r\n/);
    assert.equal(typeof (JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4)) as { message: unknown }).message, "string");
  }
});

test("forms pass where nobody looks, and are refused where a handler does", async (context) => {
  const form = plainRequest(
    "POST /containers/none/rename?name=a",
    ["Content-Type: Application/x-www-form-urlencoded; x=y", "Content-Length: 6"],
    "name=b",
  );
  const { path } = await testGateway(context);
  assert.match(await exchange(path, form), /404 Not Found/);
  const watched = await testGateway(context, { intercept: () => ({ handler: (_request, forward) => forward() }) });
  assert.match(await exchange(watched.path, form), /400 Bad Request[\s\S]*form/);
  assert.match(await exchange(watched.path, form.replace("Content-Length: 6", "Content-Length: 0").replace("name=b", "")), /404 Not Found/);
});

test("a head that does not come to its end costs only its own connection", async (context) => {
  const { gateway, path } = await testGateway(context, { headTimeout: 300 });
  const slow = connect(path, () => slow.write("GET /_ping HTTP/1.1\r\nHost"));
  const idle = connect(path);
  context.after(() => idle.destroy());
  let answer = "";
  slow.on("data", (part: Buffer) => {
    answer += part.toString();
  });
  assert.match(await exchange(path, plainRequest("GET /_ping")), /OK$/);
  await until(() => answer.includes("408 Request Timeout"), "the slow head is answered");
  await until(() => gateway.connections() === 1, "only the idle client is left");
});

test("a client that resets in the middle of anything leaves nothing behind", async (context) => {
  const { gateway, path } = await testGateway(context);
  const name = await sleeper(context);
  for (const bytes of [
    "GE",
    plainRequest("GET /events").replace("Connection: close\r\n", ""),
    plainRequest(`GET /containers/${name}/logs?follow=1&stdout=1`),
    plainRequest(`POST /containers/${name}/wait`),
    plainRequest(`POST /containers/${name}/attach?stream=1&stdout=1&stdin=1`),
    plainRequest("POST /build", ["Transfer-Encoding: chunked", "Content-Type: application/x-tar"], "5\r\nab"),
  ]) {
    const socket = connect(path, () => socket.write(bytes));
    socket.on("error", () => {});
    await sleep(100);
    socket.destroy();
  }
  await until(() => gateway.connections() === 0, "every connection is gone");
  assert.match(await exchange(path, plainRequest("GET /_ping")), /OK$/);
});

test("the engine's side of an endless stream ends when the client leaves", async (context) => {
  const { path } = await testGateway(context);
  const listeners = async (): Promise<number> =>
    Number((await docker(`unix://${engineSocket}`, "info", "-f", "{{.NEventsListener}}")).stdout);
  const name = unique();
  // Others use the engine too, so it is enough that some of ours are seen to go.
  const sockets = Array.from({ length: 20 }, () => connect(path));
  for (const socket of sockets)
    socket.write(plainRequest(`GET /events?filters=%7B%22container%22%3A%5B%22${name}%22%5D%7D`).replace("Connection: close\r\n", ""));
  await until(async () => (await listeners()) >= 20, "the engine has the listeners");
  const before = await listeners();
  for (const socket of sockets) socket.destroy();
  await until(async () => (await listeners()) <= before - 15, "the engine's listeners are gone");
});

test("HTTP/2 by prior knowledge is a tunnel only where the caller allows it", async (context) => {
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const { path } = await testGateway(context, { http2PriorKnowledge: () => "tunnel" });
  assert.equal((await exchange(path, preface)).replace(/Date: .*/, ""), (await exchange(engineSocket, preface)).replace(/Date: .*/, ""));
  const refusing = await testGateway(context);
  assert.match(await exchange(refusing.path, preface), /^HTTP\/1\.1 400 /);
});

test("an engine that is not there is told as such", async (context) => {
  const { path } = await testGateway(context, { socket: "/nonexistent/docker.sock" });
  for (const bytes of [
    plainRequest("GET /_ping"),
    plainRequest("POST /containers/create", json, body),
    plainRequest("POST /containers/x/attach"),
  ]) {
    assert.match(
      await exchange(path, bytes),
      /^HTTP\/1\.1 503 Service Unavailable[\s\S]*"message":"The engine at unix:\/\/\/nonexistent\/docker\.sock does not answer/,
    );
  }
});

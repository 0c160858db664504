import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createProxy, type Published } from "@outrigger/driver";
import { call, callRaw } from "./support/call.ts";

interface Stand {
  readonly socket: string;
  readonly calls: { readonly path: string; readonly body: string; readonly headers: readonly string[] }[];
  readonly succeeded: string[];
}

/** A proxy before a driver that answers as the test says. */
async function stand(
  context: TestContext,
  behave: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  given: Partial<Published> = {},
): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-proxy-"));
  const calls: Stand["calls"] = [];
  const succeeded: string[] = [];
  const driver = createServer({ requireHostHeader: false }, async (incoming, response) => {
    let body = "";
    for await (const piece of incoming.setEncoding("utf8")) body += String(piece);
    calls.push({ path: incoming.url ?? "", body, headers: incoming.rawHeaders });
    behave(incoming, response, body);
  }).listen(join(folder, "driver"));
  const proxy = createProxy({
    name: "vol",
    types: () => ["docker.volumedriver/1.0", "docker.authz/1.0"],
    socket: () => join(folder, "driver"),
    isGone: () => false,
    whyNot: async () => undefined,
    toHost: (inside) => (inside.startsWith("/data") ? `/outside${inside}` : undefined),
    succeeded: (method) => void succeeded.push(method),
    waiting: () => {},
    callLimit: 300,
    ...given,
  }).listen(join(folder, "proxy"));
  await Promise.all([driver, proxy].map((server) => (server.listening ? undefined : once(server, "listening"))));
  context.after(() => {
    for (const server of [driver, proxy]) server.close().closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return { socket: join(folder, "proxy"), calls, succeeded };
}

test("the activation comes from the configuration; the driver is not asked", async (context) => {
  const { socket, calls } = await stand(context, () => {});
  assert.deepEqual(await call(socket, "Plugin.Activate", null), { status: 200, text: '{"Implements":["VolumeDriver","authz"]}\n' });
  assert.deepEqual(calls, []);
});

test("bodies and answers pass byte for byte, statuses too", async (context) => {
  const body = ' { "Name" : "\u00e4",  "Opts":null}\n';
  const { socket, calls } = await stand(context, (_, response) => response.writeHead(418).end(' {"Err": "tea"} '));
  assert.deepEqual(await callRaw(socket, "VolumeDriver.Create", body), { status: 418, text: ' {"Err": "tea"} ' });
  assert.equal(calls[0]?.body, body);
  assert.equal(calls[0]?.path, "/VolumeDriver.Create");
});

test("mount points are turned inside out, uses told of; one that is no place of the driver is refused", async (context) => {
  const { socket, succeeded } = await stand(context, (_, response, body) =>
    response.end(JSON.stringify({ Mountpoint: JSON.parse(body).Name === "bad" ? "/etc" : "/data/a", Err: "" })),
  );
  assert.equal((await call(socket, "VolumeDriver.Mount", { Name: "a", ID: "1" })).text, '{"Mountpoint":"/outside/data/a","Err":""}\n');
  const refused = await call(socket, "VolumeDriver.Path", { Name: "bad" });
  assert.equal(refused.status, 500);
  assert.match(JSON.parse(refused.text).Err, /no place inside/);
  assert.deepEqual(succeeded, ["VolumeDriver.Mount"]);
});

test("an error of the driver is no use of it", async (context) => {
  const { socket, succeeded } = await stand(context, (_, response) => response.end('{"err":"no"}'));
  await call(socket, "VolumeDriver.Mount", { Name: "a", ID: "1" });
  assert.deepEqual(succeeded, []);
});

test("an engine's second attempt, which has lost its body, does not reach the driver", async (context) => {
  const { socket, calls } = await stand(context, (_, response) => response.end("{}"));
  const refused = await call(socket, "VolumeDriver.Create", null);
  assert.equal(refused.status, 500);
  assert.match(JSON.parse(refused.text).Err, /without its arguments/);
  assert.deepEqual(calls, []);
  assert.equal((await call(socket, "NetworkDriver.GetCapabilities", null)).status, 200);
});

test("a driver that cuts, talks nonsense or is late is answered for, within the limit, and asked once", async (context) => {
  const { socket, calls } = await stand(context, (incoming, response, body) => {
    const { Name } = JSON.parse(body) as { Name: string };
    if (Name === "cut") incoming.socket.destroy();
    else if (Name === "garbage") incoming.socket.end("nonsense\r\n\r\n");
    else if (Name === "half") incoming.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}");
    else if (Name === "slow") response.write("{");
  });
  for (const Name of ["cut", "garbage", "half", "slow", "never"]) {
    const { status, text } = await call(socket, "AuthZPlugin.AuthZReq", { Name });
    assert.equal(status, 500, Name);
    assert.match(JSON.parse(text).Err, Name === "slow" || Name === "never" ? /did not answer .* within 0.3 s/ : /broke off/, Name);
  }
  assert.equal(calls.length, 5);
});

test("a driver that is down is answered for at once, with the reason", async (context) => {
  const { socket, calls } = await stand(context, () => {}, { whyNot: async () => "it ended with exit code 7 (3 failures in a row)" });
  const { status, text } = await call(socket, "VolumeDriver.Get", { Name: "a" });
  assert.equal(status, 500);
  assert.equal(JSON.parse(text).Err, "vol does not run: it ended with exit code 7 (3 failures in a row)");
  assert.deepEqual(calls, []);
});

test("logs are streamed as they come, beyond the limit of a call, until either side leaves", async (context) => {
  let gone = false;
  const { socket } = await stand(context, (incoming, response) => {
    response.write("one");
    setTimeout(() => response.write("two"), 500);
    incoming.socket.once("close", () => {
      gone = true;
    });
  });
  const outgoing = request({ socketPath: socket, path: "/LogDriver.ReadLogs", method: "POST", agent: false }).end("{}");
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  let text = "";
  for await (const piece of response) {
    text += String(piece);
    if (text === "onetwo") break;
  }
  outgoing.destroy();
  for (let tries = 0; tries < 100 && !gone; tries += 1) await sleep(20);
  assert.ok(gone, "the driver learns that nobody reads any more");
});

test("Go's bytes: an empty Host, no content type, the connection kept for the next call", async (context) => {
  const { socket, calls } = await stand(context, (_, response) => response.end("{}"));
  const client = connect(socket);
  const heads = "Host: \r\nUser-Agent: Go-http-client/1.1\r\nAccept: application/vnd.docker.plugins.v1.2+json\r\nAccept-Encoding: gzip\r\n";
  let answers = "";
  client.setEncoding("utf8").on("data", (text) => {
    answers += String(text);
  });
  for (let count = 1; count <= 2; count += 1) {
    client.write(`POST /VolumeDriver.List HTTP/1.1\r\n${heads}Content-Length: 3\r\n\r\n{}\n`);
    for (let tries = 0; tries < 200 && answers.split("HTTP/1.1 200").length !== count + 1; tries += 1) await sleep(10);
  }
  client.destroy();
  assert.equal(answers.split("HTTP/1.1 200").length, 3);
  assert.ok(!calls[0]?.headers.map((each) => each.toLowerCase()).includes("content-type"));
  assert.ok(calls[0]?.headers.includes("gzip"));
});

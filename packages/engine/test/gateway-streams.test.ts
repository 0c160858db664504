import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Forward, GatewayRequest } from "../src/index.ts";
import {
  background,
  engineSocket,
  exchange,
  image,
  plainRequest,
  run,
  sleeper,
  tapEngine,
  temporaryFolder,
  testGateway,
  unique,
  until,
} from "./support/gateway.ts";

/** Writes pieces with pauses, ends its side, and gives everything that comes until the other side ends. */
function converse(path: string, pieces: readonly (string | Buffer)[], endsItself = true): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    let text = "";
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1");
    });
    socket.on("error", () => {});
    socket.once("end", () => socket.end());
    socket.once("close", () => resolve(text));
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await sleep(150);
      }
      if (endsItself) socket.end();
    })();
  });
}

const upgrade = ["Connection: Upgrade", "Upgrade: tcp"];

for (const [how, headers, first] of [
  ["with Upgrade", upgrade, "HTTP/1.1 101 UPGRADED"],
  ["without Upgrade", [], "HTTP/1.1 200 OK"],
] as const) {
  test(`attach ${how}: input in the head's packet and later, an end of input, output after it`, async (context) => {
    const { path } = await testGateway(context);
    for (const socket of [engineSocket, path]) {
      const name = unique();
      context.after(() => run("docker", ["rm", "-f", name]));
      // Created and not run in the background, so that the end of its input reaches it.
      await run("docker", ["create", "-i", "--name", name, image, "sh", "-c", "cat; sleep 0.3; echo after"]);
      await run("docker", ["start", name]);
      const head = ["POST", `/containers/${name}/attach?stream=1&stdin=1&stdout=1`, "HTTP/1.1"].join(" ");
      const bytes = [head, "Host: docker", ...headers, "", ""].join("\r\n");
      const text = await converse(socket, [`${bytes}early\n`, "GET /later HTTP/1.1\r\n\r\n"]);
      assert.ok(text.startsWith(`${first}\r\n`), text);
      // The engine itself loses what comes before its own answer (httputils.HijackConnection); the gateway holds it back until then.
      for (const words of [...(socket === path ? ["early"] : []), "GET /later HTTP/1.1", "after"])
        assert.ok(text.includes(words), `${words} in ${text}`);
    }
  });
}

test("a client that says nothing more gets the answers to everything that it asked", async (context) => {
  for (const intercept of [() => undefined, () => ({ handler: (_request: GatewayRequest, forward: Forward) => forward() })]) {
    const { path } = await testGateway(context, { intercept });
    const text = await converse(path, [
      "GET /_ping HTTP/1.1\r\nHost: a\r\n\r\nGET /version HTTP/1.1\r\nHost: a\r\n\r\nGET /_ping HTTP/1.1\r\nHost: a\r\n\r\n",
    ]);
    assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3, text);
    const cut = await new Promise<string>((resolve) => {
      const socket = connect({ path, allowHalfOpen: true }, () =>
        socket.end("GET /_ping HTTP/1.1\r\nHost: a\r\n\r\nGET /version HTTP/1.1\r\nHost: a\r\n\r\nGET /ev"),
      );
      let answers = "";
      socket.on("data", (part: Buffer) => {
        answers += part.toString("latin1");
      });
      socket.once("close", () => resolve(answers));
    });
    assert.equal(cut.match(/HTTP\/1\.1 200 OK/g)?.length, 2, cut);
  }
});

test("what follows a stream that becomes none never reaches the engine", async (context) => {
  const tap = await tapEngine(context);
  const { path } = await testGateway(context, { socket: tap.path });
  for (const line of [
    "POST /containers/none/attach",
    "POST /exec/none/start",
    "POST /session",
    "POST /grpc",
    "GET /containers/none/attach/ws",
  ]) {
    const text = await converse(path, [
      `${line} HTTP/1.1\r\nHost: a\r\n\r\nDELETE /containers/smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
      "DELETE /containers/later HTTP/1.1\r\nHost: a\r\n\r\n",
    ]);
    assert.equal(text.match(/HTTP\/1\.1 \d+/g)?.length, 1, text);
  }
  for (const sent of tap.sent()) assert.doesNotMatch(sent, /smuggled|later/);
});

test("the engine may answer before a body has ended, and the client gets all of it", async (context) => {
  const { path } = await testGateway(context);
  const endless = connect({ path, allowHalfOpen: true }, () => {
    endless.write(plainRequest("POST /build?dockerfile=x&version=9", ["Content-Type: application/x-tar", "Transfer-Encoding: chunked"]));
    const more = (): void => {
      while (endless.writable && endless.write(`10000\r\n${"x".repeat(65_536)}\r\n`));
    };
    endless.on("drain", more);
    more();
  });
  endless.on("error", () => {});
  let text = "";
  endless.on("data", (part: Buffer) => {
    text += part.toString();
  });
  await new Promise((resolve) => endless.once("close", resolve));
  assert.match(text, /^HTTP\/1\.1 \d{3} [\s\S]*message/);
});

test("what an engine says before it closes arrives, also when it reads no more", async (context) => {
  const path = join(temporaryFolder(context), "engine.sock");
  const words = randomBytes(300_000).toString("hex");
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      // The real engine can't be told to close while it is written to.
      socket.pause();
      socket.end(`HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n${words}`, () => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => server.close());
  const gateway = await testGateway(context, { socket: path });
  const socket = connect({ path: gateway.path, allowHalfOpen: true });
  socket.write(plainRequest("POST /containers/a/attach", upgrade));
  const flood = setInterval(() => socket.write("x".repeat(10_000)), 1);
  context.after(() => clearInterval(flood));
  socket.on("error", () => {});
  socket.pause();
  await sleep(300);
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  socket.resume();
  await new Promise((resolve) => socket.once("end", resolve));
  assert.ok(text.endsWith(words.slice(-100)), `${text.length} of ${words.length}`);
});

test("an engine's odd answers are not passed on, and its connection is not used again", async (context) => {
  const path = join(temporaryFolder(context), "engine.sock");
  const answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "nonsense\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: a\r\n\r\n",
    "",
  ];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answers.shift() ?? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKsurplus"));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => server.close());
  const gateway = await testGateway(context, { socket: path });
  for (let count = answers.length; count > 0; count -= 1)
    assert.match(await exchange(gateway.path, plainRequest("GET /info").replace("Connection: close\r\n", "")), /^HTTP\/1\.1 503 /);
  const twice = "GET /info HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2);
  assert.equal(await exchange(gateway.path, twice, 300), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK".repeat(2));
});

test("a kept connection that the engine closed meanwhile costs no request", async (context) => {
  const path = join(temporaryFolder(context), "engine.sock");
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => {});
    let requests = 0;
    socket.on("data", () => {
      requests += 1;
      if (requests === 2) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => server.close());
  const gateway = await testGateway(context, { socket: path });
  const get = "GET /info HTTP/1.1\r\nHost: a\r\n\r\n";
  assert.equal((await exchange(gateway.path, get.repeat(3), 300)).match(/HTTP\/1\.1 200/g)?.length, 3);
  assert.ok(connections >= 2);
  const post = "POST /containers/a/start HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  const before = connections;
  await exchange(gateway.path, post + post, 300);
  assert.equal(connections - before, 2);
});

test("followed logs, events and waits come as they happen", async (context) => {
  const { path } = await testGateway(context);
  const name = await sleeper(context, ["sh", "-c", "echo one; read x; echo two"]);
  const texts = [
    `GET /containers/${name}/logs?follow=1&stdout=1`,
    `POST /containers/${name}/wait`,
    `GET /events?filters=%7B%22container%22%3A%5B%22${name}%22%5D%7D`,
  ].map((line) => {
    const socket = connect(path, () => socket.write(plainRequest(line)));
    context.after(() => socket.destroy());
    const seen = { text: "" };
    socket.on("data", (part: Buffer) => {
      seen.text += part.toString("latin1");
    });
    return seen;
  });
  await until(() => texts[0]?.text.includes("one") === true, "the first line came");
  await until(() => texts.every(({ text }) => text.startsWith("HTTP/1.1 200 OK")), "every head came");
  await run("docker", ["attach", name], { input: "go\n" });
  await until(() => texts[0]?.text.includes("two") === true, "the second line came");
  await until(() => texts[1]?.text.includes('"StatusCode":0') === true, "the wait ended");
  await until(() => texts[2]?.text.includes('"status":"die"') === true, "the event came");
});

test("a websocket is attached", async (context) => {
  const { path } = await testGateway(context);
  const name = await sleeper(context, ["cat"]);
  const options = { socketPath: path, path: `/containers/${name}/attach/ws?stream=1&stdin=1&stdout=1` };
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    Origin: "http://localhost",
  };
  const echoed = await new Promise<string>((resolve, reject) => {
    const request = get({ ...options, headers }, () => reject(new TypeError("not upgraded")));
    request.once("error", reject);
    request.once("upgrade", (_answer, socket) => {
      let text = "";
      socket.on("data", (part: Buffer) => {
        text += part.toString("latin1");
        if (!text.includes("hello")) return;
        socket.destroy();
        resolve(text);
      });
      const mask = Buffer.from([1, 2, 3, 4]);
      const payload = Buffer.from("hello\n").map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | payload.length]), mask, payload]));
    });
  });
  assert.match(echoed, /hello/);
});

test("a gigabyte passes both ways within little memory, and a reader that stops stops the engine", async (context) => {
  const path = join(temporaryFolder(context), "a.sock");
  const script = `
    import { startGateway, parseListener, parseUpstream } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
    await startGateway({ listen: [parseListener("unix://${path}")], upstream: parseUpstream("unix://${engineSocket}"), intercept: () => undefined });
    console.log("ready");
  `;
  const { child, text } = background(context, process.execPath, ["--input-type=module-typescript", "-e", script]);
  await until(() => text().includes("ready"), "the gateway listens");
  const resident = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;
  const before = resident();
  const name = await sleeper(context);
  const shell = (command: string): string =>
    execFileSync("bash", ["-c", command], { env: { ...process.env, DOCKER_HOST: `unix://${path}` }, encoding: "utf8" });
  assert.equal(shell(`head -c 1000000000 /dev/zero | docker exec -i ${name} wc -c`).trim(), "1000000000");
  assert.equal(shell(`docker exec ${name} head -c 1000000000 /dev/zero | wc -c`).trim(), "1000000000");
  const stopped = connect(path, () => stopped.write(plainRequest(`GET /containers/${name}/export`)));
  stopped.pause();
  await sleep(1000);
  stopped.destroy();
  assert.ok(resident() - before < 100, `${Math.round(resident() - before)} MB more than at the start`);
});

import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { engineErrors, type GatewayRequest, type GatewayResponse, type Handler } from "../src/index.ts";
import {
  docker,
  engineSocket,
  exchange,
  image,
  plainRequest,
  run,
  sleeper,
  type TestGateway,
  tapEngine,
  testGateway,
  unique,
  until,
} from "./support/gateway.ts";

async function handled(
  context: TestContext,
  handler: Handler,
): Promise<TestGateway & { readonly released: () => number; readonly failures: unknown[] }> {
  let released = 0;
  const failures: unknown[] = [];
  const started = await testGateway(context, {
    intercept: () => ({
      handler,
      release: () => {
        released += 1;
      },
    }),
    onHandlerError: (error) => failures.push(error),
  });
  return { ...started, released: () => released, failures };
}

const forwarding: Handler = (_request, forward) => forward();

/** Without what changes by the second, and with the gateway's own Connection header where the engine has it. */
const undated = (text: string): string =>
  text.replace(/\r\nDate: [^\r]+/g, "").replace(/(\r\nTransfer-Encoding: chunked)(\r\nConnection: close)/, "$2$1");

test("a handler that only forwards changes nothing", async (context) => {
  const { path, released } = await handled(context, forwarding);
  const lines = [
    "GET /_ping",
    "HEAD /_ping",
    "GET /nowhere",
    "GET /containers/json?limit=0&filters=%7B%22name%22%3A%5B%22none%22%5D%7D",
    "POST /containers/none/start",
    `GET /images/${image}/history`,
    "GET /events?until=1",
  ];
  for (const line of lines)
    assert.equal(undated(await exchange(path, plainRequest(line))), undated(await exchange(engineSocket, plainRequest(line))), line);
  assert.equal(released(), lines.length);
});

test("a body that was read goes on byte for byte, chunked or not, also after 100 Continue", async (context) => {
  const tap = await tapEngine(context);
  const bodies: string[] = [];
  const { path } = await testGateway(context, {
    socket: tap.path,
    intercept: () => ({
      handler: async (request, forward) => {
        bodies.push((await request.body(1000)).toString());
        return forward();
      },
    }),
  });
  const text = '{"Image":"nonexistent:1",  "X": 9223372036854771712}';
  const json = "Content-Type: application/json";
  await exchange(path, plainRequest("POST /containers/create", [json, `Content-Length: ${text.length}`], text));
  await exchange(
    path,
    plainRequest("POST /containers/create", [json, "Transfer-Encoding: chunked"], `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`),
  );
  const socket = connect(path, () =>
    socket.write(plainRequest("POST /containers/create", [json, `Content-Length: ${text.length}`, "Expect: 100-continue"])),
  );
  let answer = "";
  socket.on("data", (part: Buffer) => {
    if (answer === "") socket.write(text);
    answer += part.toString();
  });
  await new Promise((resolve) => socket.once("close", resolve));
  assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 404 /);
  assert.deepEqual(bodies, [text, text, text]);
  for (const sent of tap.sent()) {
    assert.ok(sent.endsWith(`\r\n\r\n${text}`), sent);
    assert.equal(sent.match(/content-length|transfer-encoding/gi)?.length, 1);
  }
});

test("a body beyond the limit is refused, never cut", async (context) => {
  const { path } = await handled(context, async (request, forward) => {
    await request.body(10);
    return forward();
  });
  assert.match(await exchange(path, plainRequest("POST /containers/create", ["Content-Length: 11"], "12345678901")), /^HTTP\/1\.1 413 /);
  assert.match(await exchange(path, plainRequest("POST /containers/create", ["Content-Length: 1000000000"])), /^HTTP\/1\.1 413 /);
  assert.match(
    await exchange(path, plainRequest("POST /containers/create", ["Transfer-Encoding: chunked"], "b\r\n12345678901\r\n")),
    /^HTTP\/1\.1 413 /,
  );
});

test("a change reaches the engine: method, place, headers and body", async (context) => {
  const tap = await tapEngine(context);
  const { path } = await testGateway(context, {
    socket: tap.path,
    intercept: () => ({
      handler: async (request, forward) => {
        await request.body(1000);
        return forward({
          method: "POST",
          target: "/v1.41/volumes/create",
          headers: [
            ["Host", "x"],
            ["Content-Type", "application/json"],
            ["Content-Length", "999"],
            ["X-Mine", "1"],
          ],
          body: Buffer.from('{"Name":"a/b"}'),
        });
      },
    }),
  });
  assert.match(await exchange(path, plainRequest("PUT /anywhere", ["Content-Length: 2"], "{}")), /a\/b\\" includes invalid characters/);
  assert.equal(
    tap.sent()[0],
    'POST /v1.41/volumes/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\nX-Mine: 1\r\n\r\n{"Name":"a/b"}',
  );
});

const answers: Readonly<Record<string, readonly [GatewayResponse, RegExp]>> = {
  "a buffer": [
    {
      status: 200,
      headers: [
        ["X-A", "b"],
        ["Content-Length", "99"],
      ],
      body: Buffer.from("abc"),
    },
    /^HTTP\/1\.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc$/,
  ],
  nothing: [{ status: 204, headers: [], body: Buffer.alloc(0) }, /^HTTP\/1\.1 204 No Content\r\nConnection: close\r\n\r\n$/],
  "a stream": [
    { status: 201, reason: "Made", headers: [], body: streamOf("ab", "", "cde") },
    /^HTTP\/1\.1 201 Made\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n$/,
  ],
};

async function* streamOf(...parts: readonly string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

for (const [what, [answer, expected]] of Object.entries(answers)) {
  test(`a handler answers with ${what}`, async (context) => {
    const { path } = await handled(context, async () => answer);
    assert.match(await exchange(path, plainRequest("GET /mine")), expected);
  });
}

test("a stream for an HTTP/1.0 client has no chunks, and HEAD has no body", async (context) => {
  const { path } = await handled(context, async ({ method }) => ({
    status: 200,
    headers: [],
    body: method === "GET" ? streamOf("ab", "c") : Buffer.from("abc"),
  }));
  assert.equal(await exchange(path, "GET /mine HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
  assert.equal(await exchange(path, plainRequest("HEAD /mine")), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
});

test("a refusal and a failure answer, keep the connection, and let others live", async (context) => {
  const { path, failures, released } = await handled(context, async ({ target }): Promise<GatewayResponse> => {
    if (target.path === "/refuse") throw engineErrors["plugin-refused"]({ plugin: "guard", reason: "not today", hint: "Come again." });
    if (target.path === "/odd") return { status: 200, headers: [["X-A", "b\r\nX-C: d"]], body: Buffer.alloc(0) };
    if (target.path === "/status") return { status: 99, headers: [], body: Buffer.alloc(0) };
    throw new TypeError("secret words");
  });
  const bytes =
    ["/refuse", "/odd", "/status", "/fail"].map((place) => `GET ${place} HTTP/1.1\r\nHost: a\r\n\r\n`).join("") +
    plainRequest("GET /refuse");
  const text = await exchange(path, bytes);
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 403", "HTTP/1.1 500", "HTTP/1.1 500", "HTTP/1.1 500", "HTTP/1.1 403"]);
  assert.match(text, /\{"message":"guard: not today Come again\."\}/);
  assert.doesNotMatch(text, /secret words|X-C/);
  assert.match(String(failures[0]), /secret words/);
  assert.equal(released(), 5);
});

test("a stream that fails in the middle breaks the connection, so nobody takes it for whole", async (context) => {
  const { path, released } = await handled(context, async () => ({ status: 200, headers: [], body: failing() }));
  const text = await exchange(path, plainRequest("GET /mine"));
  assert.match(text, /2\r\nab\r\n$/);
  await until(() => released() === 1, "the handler's lease is released");
});

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from("ab");
  await sleep(20);
  throw new TypeError("broken");
}

test("a handler that rewrites a followed log does it line by line, and ends with the client", async (context) => {
  let done = false;
  const upper: Handler = async (_request, forward) => {
    const answer = await forward();
    if (Buffer.isBuffer(answer.body)) return answer;
    const source = answer.body;
    const rewrite = async function* (): AsyncGenerator<Buffer> {
      try {
        for await (const part of source) yield Buffer.from(part.toString("latin1").replaceAll("tick", "TOCK"), "latin1");
      } finally {
        done = true;
      }
    };
    return { ...answer, body: rewrite() };
  };
  const { path } = await handled(context, upper);
  const name = await sleeper(context, ["sh", "-c", "while sleep 0.1; do echo tick; done"]);
  const socket = connect(path, () => socket.write(plainRequest(`GET /containers/${name}/logs?follow=1&stdout=1`)));
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString();
  });
  await until(() => (text.match(/TOCK/g)?.length ?? 0) >= 3, "three lines came");
  assert.doesNotMatch(text, /tick/);
  socket.destroy();
  await until(() => done, "the handler's stream is ended");
});

test("a slow client slows a handler's stream down", async (context) => {
  let made = 0;
  const endless = async function* (): AsyncGenerator<Buffer> {
    for (;;) {
      made += 1;
      yield Buffer.alloc(65_536);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const { path, released } = await handled(context, async () => ({ status: 200, headers: [], body: endless() }));
  const socket = connect(path, () => socket.write(plainRequest("GET /mine")));
  socket.pause();
  await sleep(500);
  const soon = made;
  await sleep(300);
  assert.equal(made, soon);
  assert.ok(soon < 100, `${soon} pieces were made for nobody`);
  socket.destroy();
  await until(() => released() === 1, "the lease is released");
});

test("the signal tells a handler that its client has left", async (context) => {
  const left = Promise.withResolvers<GatewayRequest>();
  const { path } = await handled(context, (request) => {
    request.signal.addEventListener("abort", () => left.resolve(request));
    return new Promise(() => {});
  });
  const socket = connect(path, () => socket.write(plainRequest("GET /mine")));
  await sleep(50);
  socket.destroy();
  assert.equal((await left.promise).target.path, "/mine");
});

test("raw streams pass a handler that forwards, and not one that refuses", async (context) => {
  const name = await sleeper(context);
  const seen: (string | undefined)[] = [];
  const passing = await handled(context, async (request, forward) => {
    seen.push(request.route?.name);
    if (request.route?.name === "exec.start") await request.body(1000);
    return forward();
  });
  const echoed = await run("docker", ["exec", "-i", name, "cat"], { host: passing.host, input: "hello" });
  assert.deepEqual(echoed, { code: 0, stdout: "hello", stderr: "" });
  assert.ok(seen.includes("exec.start"));
  await until(() => passing.released() === seen.length, "every lease is released");
  const refusing = await handled(context, async (request, forward) => {
    if (request.route?.name === "exec.start") throw engineErrors["plugin-refused"]({ plugin: "guard", reason: "no exec", hint: "" });
    return forward();
  });
  const refused = await run("docker", ["exec", "-i", name, "cat"], { host: refusing.host, input: "hello" });
  assert.match(refused.stderr, /received 403|guard: no exec/);
  assert.notEqual(refused.code, 0);
});

test("large bodies stream through a handler that does not read them", async (context) => {
  const { host } = await handled(context, forwarding);
  const name = await sleeper(context);
  const big = Buffer.alloc(30_000_000, "x");
  const counted = await run("docker", ["exec", "-i", name, "wc", "-c"], { host, input: big });
  assert.equal(counted.stdout.trim(), String(big.length));
  const saved = await docker(host, "run", "--rm", "--name", unique(), image, "sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' a");
  assert.equal(saved.stdout.length, 20_000_000);
});

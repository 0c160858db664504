import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import { connect } from "node:net";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Protocol } from "@outrigger/plugin";
import { portEntry, type Values } from "../../traffic-gateway/test/documents.ts";
import { type Ending, type Gateway, startGateway, until } from "../../traffic-gateway/test/gateway.ts";
import { type Backend, call, greeting, httpBackend, statuses, tcpBackend } from "../../traffic-gateway/test/traffic.ts";

suite("ingress-gateway", { timeout: 120_000 }, () => {
  const endings: (() => Promise<void> | void)[] = [];
  const context: Ending = { after: (work) => endings.push(work) };
  let gateway: Gateway;
  let limited: Gateway;
  let limitedSince = 0;
  let app: Backend;

  after(async () => {
    for (const work of endings.reverse()) await work();
  });

  before(async () => {
    gateway = await startGateway(context, "ingress-gateway");
    app = await httpBackend(context, async ({ headers, url, method }, response) => {
      if (url === "/slow") await sleep(1500);
      if (method === "POST") await sleep(20);
      response.end(JSON.stringify(headers));
    });
    limited = await startGateway(context, "ingress-gateway");
    await limited.apply({ ports: [portEntry(limited.spec, limited.listen, app.port, { RATE_LIMIT: 5, RATE_PERIOD: 60 })] });
    limitedSince = Date.now();
  });

  const apply = (values: Values, port: number = app.port, protocol: Protocol = "http"): Promise<void> =>
    gateway.apply({ ports: [portEntry(gateway.spec, gateway.listen, port, values, protocol)] });

  test("without settings it passes everything on and tells the app who called", async () => {
    await apply({});
    const { status, body } = await call(gateway.listen, { path: "/a?b=c", headers: { "x-mine": "1" }, from: "127.0.0.9" });
    assert.equal(status, 200);
    const headers = JSON.parse(body);
    assert.equal(headers["x-mine"], "1");
    assert.equal(headers["x-forwarded-for"], "127.0.0.9");
    await apply({ FORWARDED_FOR: false });
    assert.equal(JSON.parse((await call(gateway.listen)).body)["x-forwarded-for"], undefined);
  });

  test("a client that keeps calling too often still gets its rate", async () => {
    await apply({ RATE_LIMIT: 10, RATE_PERIOD: 1 });
    let served = 0;
    for (const start = Date.now(); Date.now() - start < 3000; await sleep(20))
      served += (await call(gateway.listen)).status === 200 ? 1 : 0;
    assert.ok(served >= 20 && served <= 45, `${served} calls served in 3 s at 10 a second`);
  });

  test("who may not call gets 403, and 401 without a login", async () => {
    await apply({ DENY: "127.0.0.2, 127.0.1.0/24" });
    assert.deepEqual(await statuses(gateway.listen, 1, { from: "127.0.0.2" }), [403]);
    assert.deepEqual(await statuses(gateway.listen, 1, { from: "127.0.1.7" }), [403]);
    assert.deepEqual(await statuses(gateway.listen, 1, { from: "127.0.0.3" }), [200]);
    const many = Array.from({ length: 100 }, (_, number) => `10.0.${number}.0/24`);
    await apply({ ALLOW: [...many, "127.0.0.3"].join(",") });
    assert.deepEqual(await statuses(gateway.listen, 1, { from: "127.0.0.2" }), [403]);
    assert.deepEqual(await statuses(gateway.listen, 1, { from: "127.0.0.3" }), [200]);
    await apply({ BASIC_AUTH: "ann:o:ne$HOME bob:t%w\\o" });
    const answer = await call(gateway.listen);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers["www-authenticate"], 'Basic realm="web"');
    for (const [login, status] of [
      ["ann:o:ne$HOME", 200],
      ["bob:t%w\\o", 200],
      ["bob:o:ne$HOME", 401],
    ] as const) {
      const authorization = `Basic ${Buffer.from(login).toString("base64")}`;
      assert.deepEqual(await statuses(gateway.listen, 1, { headers: { authorization } }), [status], login);
    }
  });

  test("a body that is too large gets 413, one of unknown size 411", async () => {
    await apply({ MAX_REQUEST_SIZE: 1000 });
    const post = (body: string, headers = {}): Promise<number> =>
      call(gateway.listen, { method: "POST", body, headers }).then(({ status }) => status);
    assert.equal(await post("x".repeat(1000)), 200);
    assert.equal(await post("x".repeat(1001)), 413);
    assert.equal(await post("", { "content-length": "1000000000000000" }), 413);
    assert.equal(await post("x", { "transfer-encoding": "chunked" }), 411);
    assert.equal((await call(gateway.listen, { body: "x", headers: { "transfer-encoding": "chunked" } })).status, 411);
    assert.equal((await call(gateway.listen)).status, 200);
    for (const method of ["GET", "POST"]) {
      const session = connectHttp2(`http://127.0.0.1:${gateway.listen}`);
      const stream = session.request({ ":method": method, ":path": "/" }, { endStream: false });
      stream.on("error", () => {});
      stream.end("x".repeat(2000));
      const [headers] = await once(stream, "response");
      assert.equal(headers[":status"], 411, `${method} over HTTP/2`);
      session.destroy();
    }
  });

  test("no more calls than allowed are at the app; the others wait, then get 503", async () => {
    await apply({ MAX_CONNECTIONS: 2, QUEUE_TIMEOUT: 1 });
    const slow = await Promise.all(Array.from({ length: 4 }, () => call(gateway.listen, { path: "/slow" })));
    assert.deepEqual(slow.map(({ status }) => status).sort(), [200, 200, 503, 503]);
  });

  test("a head that does not come gets 408, an app that is silent 504", async () => {
    await apply({ TIMEOUT_REQUEST: 1, TIMEOUT_SERVER: 1 });
    const socket = connect(gateway.listen, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\n");
    const [bytes] = await once(socket, "data");
    assert.match(String(bytes), /^HTTP\/1\.1 408 /);
    socket.destroy();
    assert.equal((await call(gateway.listen, { path: "/slow" })).status, 504);
  });

  test("headers are set in requests and answers, whatever the client sent", async () => {
    await apply({ HEADERS_TO_APP: "X-Team: blue, green; X-Via: a/b=(c)", HEADERS_TO_CLIENT: "X-Frame-Options: DENY" });
    const { headers, body } = await call(gateway.listen, { headers: { "x-team": "red" } });
    assert.equal(headers["x-frame-options"], "DENY");
    assert.equal(JSON.parse(body)["x-team"], "blue, green");
    assert.equal(JSON.parse(body)["x-via"], "a/b=(c)");
  });

  test("tcp ports have addresses, rates and a limit of connections", async () => {
    const echo = await tcpBackend(context, "hello");
    await apply({ DENY: "127.0.0.2", RATE_LIMIT: 2, RATE_PERIOD: 60 }, echo.port, "tcp");
    assert.equal(await greeting(gateway.listen, "127.0.0.2"), "closed");
    const greetings = [await greeting(gateway.listen), await greeting(gateway.listen), await greeting(gateway.listen)];
    assert.deepEqual(greetings, ["hello", "hello", "closed"]);
    await apply({ MAX_CONNECTIONS: 1 }, echo.port, "mysql");
    const first = connect(gateway.listen, "127.0.0.1");
    await once(first, "data");
    assert.equal(await greeting(gateway.listen), "closed");
    first.destroy();
  });

  test("gRPC's HTTP/2 passes with its trailers, and with the port's settings", { timeout: 10_000 }, async () => {
    const server = createHttp2();
    context.after(() => void server.close());
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end("answer");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    await apply({ RATE_LIMIT: 1, RATE_PERIOD: 60 }, address.port, "grpc");
    const session = connectHttp2(`http://127.0.0.1:${gateway.listen}`);
    const stream = session.request({ ":method": "POST", ":path": "/shop.Api/Get", "content-type": "application/grpc", te: "trailers" });
    stream.end("question");
    const [trailers] = await once(stream.resume(), "trailers");
    assert.equal(trailers["grpc-status"], "0");
    const second = session.request({ ":method": "POST", ":path": "/shop.Api/Get" });
    const [headers] = await once(second.end(), "response");
    assert.equal(headers[":status"], 429);
    session.destroy();
  });

  test("each client address has a rate of its own, which outlives a change of other settings", async () => {
    const apply = (more: Values): Promise<void> =>
      limited.apply({ ports: [portEntry(limited.spec, limited.listen, app.port, { RATE_LIMIT: 5, RATE_PERIOD: 60, ...more })] });
    // A worker hands no counts on while it waits for those of one before it: the first one does for 10 s.
    await sleep(Math.max(0, limitedSince + 10_500 - Date.now()));
    assert.deepEqual(await statuses(limited.listen, 7, { from: "127.0.0.2" }), [200, 200, 200, 200, 200, 429, 429]);
    assert.equal((await call(limited.listen, { from: "127.0.0.2" })).headers["retry-after"], "60");
    assert.deepEqual(await statuses(limited.listen, 3, { from: "127.0.0.3" }), [200, 200, 200]);
    for (const text of ["1", "2"]) {
      await apply({ HEADERS_TO_CLIENT: `X-New: ${text}` });
      await sleep(300);
      assert.deepEqual(await statuses(limited.listen, 1, { from: "127.0.0.2" }), [429]);
    }
    assert.deepEqual(await statuses(limited.listen, 3, { from: "127.0.0.3" }), [200, 200, 429]);
  });

  test("its metrics tell each port's requests, its log each request when asked for", async () => {
    await gateway.apply({ ports: [portEntry(gateway.spec, gateway.listen, app.port)], accessLog: true });
    const counted = async (side: "frontend" | "backend"): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${gateway.metricsPort}/metrics`)).text();
      return Number(new RegExp(`^haproxy_${side}_http_responses_total\\{proxy="web:80",code="2xx"\\} (\\d+)$`, "m").exec(text)?.[1]);
    };
    // Just after a reload a call may still come to the worker before.
    await until("the new worker answers", async () => (await call(gateway.listen)).status === 200 && (await counted("frontend")) > 0);
    const before = [await counted("frontend"), await counted("backend")] as const;
    await statuses(gateway.listen, 3, { path: "/counted" });
    assert.deepEqual([await counted("frontend"), await counted("backend")], [before[0] + 3, before[1] + 3]);
    assert.equal((await fetch(`http://127.0.0.1:${gateway.metricsPort}/`)).status, 404);
    // The engine keeps the log a little after HAProxy has written it.
    await until("three lines are logged", async () => (await gateway.log()).match(/GET \/counted/g)?.length === 3);
  });

  test("a configuration that HAProxy refuses is not taken, with the reason", async () => {
    const wrong = { ...portEntry(gateway.spec, gateway.listen, app.port), options: { MAX_CONNECTIONS: "1", ALLOW: "no address" } };
    await assert.rejects(gateway.apply({ ports: [wrong] }), /'no address' is not a valid IPv4 or IPv6 address/);
    assert.equal((await call(gateway.listen)).status, 200);
  });
});

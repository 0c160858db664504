import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import fc from "fast-check";
import { parseEvents, type ServerEvent } from "../src/api/event-stream.ts";
import { apiPath, createTransport, type Transport } from "../src/api/transport.ts";

async function transportTo(context: TestContext, listener: RequestListener): Promise<Transport> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return createTransport(`http://127.0.0.1:${address.port}/`, "the-token");
}

async function gather(events: AsyncIterable<ServerEvent>): Promise<ServerEvent[]> {
  const all: ServerEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("a request carries token, query and body; the path's parts are escaped", async (context) => {
  const transport = await transportTo(context, async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    response.end(JSON.stringify({ url: request.url, token: request.headers.authorization, type: request.headers["content-type"], body }));
  });
  const answer = await transport.send("PUT", apiPath("teams", "a/b c"), { query: { dryRun: true, none: undefined }, body: { x: 1 } });
  assert.deepEqual(answer, {
    url: "/api/v1/teams/a%2Fb%20c?dryRun=true",
    token: "Bearer the-token",
    type: "application/json",
    body: '{"x":1}',
  });
});

test("a problem document becomes an error with code, hint and problems", async (context) => {
  const problems = [{ file: "", line: 0, column: 0, path: "a.b", code: "wrong-type", message: "m" }];
  const transport = await transportTo(context, (_, response) => {
    response.writeHead(409, { "content-type": "application/problem+json" });
    response.end(
      JSON.stringify({
        type: "t",
        title: "t",
        status: 409,
        code: "version-fixed",
        detail: "It is fixed.",
        hint: "Cut a new one.",
        problems,
      }),
    );
  });
  await assert.rejects(transport.send("GET", "/x"), (error) => {
    assert.ok(isOutriggerError(error));
    assert.deepEqual(
      [error.code, error.status, error.message, error.hint, error.problems],
      ["version-fixed", 409, "It is fixed.", "Cut a new one.", problems],
    );
    return true;
  });
});

test("a server that is no Outrigger server, and one that is not there, are told apart", async (context) => {
  const transport = await transportTo(context, (_, response) => response.writeHead(502).end("<html>bad gateway</html>"));
  await assert.rejects(transport.send("GET", "/x"), (error) => isOutriggerError(error) && error.code === "answer-unreadable");
  const nowhere = createTransport("http://127.0.0.1:9", "t");
  await assert.rejects(nowhere.send("GET", "/x"), (error) => isOutriggerError(error) && error.code === "server-unreachable");
});

test("a list is read to its last page", async (context) => {
  const transport = await transportTo(context, (request, response) => {
    const after = Number(new URL(request.url ?? "", "http://x").searchParams.get("after") ?? 0);
    response.end(JSON.stringify({ items: [after, after + 1], ...(after < 4 ? { next: String(after + 2) } : {}) }));
  });
  assert.deepEqual(await transport.list("/numbers"), [0, 1, 2, 3, 4, 5]);
});

test("a stream that breaks goes on after the last event seen, and ends when the server ends it", async (context) => {
  const asked: (string | undefined)[] = [];
  const transport = await transportTo(context, (request, response) => {
    const last = request.headers["last-event-id"];
    asked.push(String(last));
    response.writeHead(200, { "content-type": "text/event-stream" });
    const from = Number(last ?? 0) + 1;
    response.write(`: heartbeat\n\nid: ${from}\nevent: line\ndata: {"n":${from}}\n\n`);
    if (from < 3) setTimeout(() => response.destroy(), 10);
    else response.end();
  });
  const events = await gather(transport.events("/log"));
  assert.deepEqual(
    events.map(({ data }) => data),
    [{ n: 1 }, { n: 2 }, { n: 3 }],
  );
  assert.deepEqual(asked, ["undefined", "1", "2"]);
});

test("a stream that is refused is not asked for again", async (context) => {
  let asked = 0;
  const transport = await transportTo(context, (_, response) => {
    asked += 1;
    response.writeHead(404).end(JSON.stringify({ status: 404, code: "not-found", detail: "No.", hint: "" }));
  });
  await assert.rejects(gather(transport.events("/log")), /No\./);
  assert.equal(asked, 1);
});

test("events are the same however the bytes are cut", async () => {
  const event = fc.record({ id: fc.nat().map(String), event: fc.constantFrom("line", "end"), data: fc.jsonValue() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      async (events, cuts) => {
        const text = events
          .map(({ id, event: name, data }) => `id: ${id}\r\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
          .join(": beat\n\n");
        const bytes = new TextEncoder().encode(text);
        async function* chunks(): AsyncGenerator<Uint8Array> {
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = cuts[turn % cuts.length] ?? 1;
            yield bytes.subarray(at, at + size);
            at += size;
          }
        }
        assert.deepEqual(await gather(parseEvents(chunks())), JSON.parse(JSON.stringify(events)));
      },
    ),
  );
});

test("an error that the server tells in a stream is thrown; a stream without ids is not opened twice", async (context) => {
  let asked = 0;
  const transport = await transportTo(context, (request, response) => {
    asked += 1;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const problem = { status: 503, code: "engine-unreachable", detail: "The engine is down.", hint: "Start it." };
    if (request.url?.endsWith("/told")) return response.end(`event: error\ndata: ${JSON.stringify(problem)}\n\n`);
    response.write("event: line\ndata: {}\n\n");
    return setTimeout(() => response.destroy(), 10);
  });
  await assert.rejects(gather(transport.events("/told")), (error) => isOutriggerError(error) && error.code === "engine-unreachable");
  await assert.rejects(gather(transport.events("/cut")), (error) => isOutriggerError(error) && error.code === "server-unreachable");
  assert.equal(asked, 2);
});

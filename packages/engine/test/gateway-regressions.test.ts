import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { testGateway } from "./support/gateway.ts";

test("a body that comes whole while a handler thinks reaches a request that could become a raw stream", async (context) => {
  const { path } = await testGateway(context, {
    intercept: () => ({
      handler: async (_request, forward) => {
        await sleep(200);
        return forward();
      },
    }),
  });
  const body = '{"Detach":false}';
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(path, () =>
      socket.write(
        `POST /exec/none/start HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
      ),
    );
    setTimeout(() => socket.write(body), 50);
    socket.setTimeout(3_000, () => socket.destroy(new Error("no answer: the engine still waits for the body")));
    socket.once("data", (bytes: Buffer) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.once("error", (error) => resolve(String(error)));
  });
  assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
});

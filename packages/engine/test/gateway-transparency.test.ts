import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSocket, exchange, plainRequest, testGateway, until } from "./support/gateway.ts";
import { answerSuite } from "./support/transparency/answers.ts";

answerSuite({ label: "nobody intercepts", start: async (context) => ({ ...(await testGateway(context)), engine: engineSocket }) });

test("requests one after the other use one connection of the client and few of the engine's", async (context) => {
  const { gateway, path } = await testGateway(context);
  const many = `${"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n".repeat(200)}${plainRequest("GET /_ping")}`;
  const answers = await exchange(path, many);
  assert.equal(answers.match(/\r\n\r\nOK/g)?.length, 201);
  await until(() => gateway.connections() === 0, "the client's connection is gone");
});

import assert from "node:assert/strict";
import { Agent } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../tests/support/sandbox.ts";
import { portEntry, serviceEntry } from "./documents.ts";
import { startGateway, until } from "./gateway.ts";
import { call, greeting, tcpBackend, textBackend } from "./traffic.ts";

/** Calls 100 times a second on each way until stopped; tells what did not go well. */
function steadyCalls(
  port: number,
  agent: Agent | undefined,
): { readonly stop: () => Promise<{ count: number; failed: readonly string[] }> } {
  const waiting: Promise<void>[] = [];
  const failed: string[] = [];
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    const one = call(port, agent === undefined ? {} : { agent }).then(
      ({ status }) => void (status === 200 || failed.push(String(status))),
      (error: Error) => void failed.push(error.message),
    );
    waiting.push(one);
  }, 10);
  const stop = async (): Promise<{ count: number; failed: readonly string[] }> => {
    clearInterval(timer);
    await Promise.all(waiting);
    return { count, failed };
  };
  return { stop };
}

test("ten changes under 200 calls a second, with and without kept connections, fail none of them", { timeout: 60_000 }, async (context) => {
  const gateway = await startGateway(context, "traffic-gateway");
  const [app, calls] = [await textBackend(context, "app"), await freePort()];
  const apply = (text: string): Promise<void> =>
    gateway.apply({
      ports: [portEntry(gateway.spec, gateway.listen, app.port, { HEADERS_TO_CLIENT: `X-Text: ${text}`, RATE_LIMIT: 1_000_000 })],
      services: [serviceEntry(gateway.spec, calls, [gateway.listen], { RETRY_ON: [], RETRIES: 0 })],
    });
  await apply("first");
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const ways = [steadyCalls(gateway.listen, agent), steadyCalls(gateway.listen, undefined)];
  for (let number = 0; number < 10; number += 1) {
    await sleep(200);
    await apply(String(number));
  }
  await sleep(500);
  for (const way of ways) {
    const { count, failed } = await way.stop();
    assert.deepEqual(failed, [], `${failed.length} of ${count} calls failed`);
    assert.ok(count > 100);
  }
  assert.equal((await call(calls)).headers["x-text"], "9");
  agent.destroy();
  const { code, output } = await gateway.run("sh", "-c", "cat /proc/1/task/1/children");
  assert.equal(code, 0);
  context.diagnostic(`workers left: ${output.trim()}; memory: ${Math.round((await gateway.memory()) / 2 ** 20)} MiB`);
});

test("a new rate takes effect at once, and long connections live through it", { timeout: 60_000 }, async (context) => {
  const gateway = await startGateway(context, "traffic-gateway");
  const [app, echo, port] = [await textBackend(context, "app"), await tcpBackend(context, "hello"), await freePort()];
  const apply = (values: Readonly<Record<string, number>>): Promise<void> =>
    gateway.apply({
      ports: [portEntry(gateway.spec, gateway.listen, app.port, values), portEntry(gateway.spec, port, echo.port, {}, "tcp", 5432)],
    });
  await apply({});
  const socket = connect(port, "127.0.0.1");
  const heard: string[] = [];
  socket.on("data", (bytes) => heard.push(bytes.toString("utf8")));
  await until("the greeting", () => heard.join("") === "hello");
  const start = performance.now();
  const applied = apply({ RATE_LIMIT: 1, RATE_PERIOD: 60 });
  await until("the new rate", async () => (await call(gateway.listen)).status === 429);
  context.diagnostic(`the new rate took ${Math.round(performance.now() - start)} ms, its check by HAProxy included`);
  await applied;
  socket.write(" again");
  await until("the echo on the old connection", () => heard.join("") === "hello again");
  assert.equal(await greeting(port), "hello");
  socket.destroy();
});

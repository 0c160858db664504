import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { execute, freePort, root } from "../../../tests/support/sandbox.ts";

const program = join(root, "plugins", "wait-for", "wait-for");

test("wait-for ends with 0 once every target accepts connections, and not before", async (context) => {
  const ports = [await freePort(), await freePort()];
  const servers: Server[] = [];
  context.after(() => servers.map((server) => server.close()));
  const start = performance.now();
  const running = execute(program, [], root, { WAIT_FOR: ports.map((port) => `127.0.0.1:${port}`).join(","), WAIT_TIMEOUT: "20" });
  for (const port of ports) {
    await sleep(500);
    servers.push(createServer((socket) => socket.destroy()).listen(port, "127.0.0.1"));
  }
  const { code, stdout } = await running;
  assert.equal(code, 0);
  assert.ok(performance.now() - start >= 1000, "it ended before the second target listened");
  assert.equal(stdout.match(/accepts connections/g)?.length, 2);
});

test("wait-for ends with 1 after its timeout and says why; with 64 for what is no target", async () => {
  const late = await execute(program, [], root, { WAIT_FOR: `127.0.0.1:${await freePort()}`, WAIT_TIMEOUT: "1" });
  assert.equal(late.code, 1);
  assert.match(late.stderr, /did not accept a connection within 1 s: Connection refused/);
  const wrong = await execute(program, [], root, { WAIT_FOR: "no-port" });
  assert.equal(wrong.code, 64);
  assert.match(wrong.stderr, /not HOST:PORT/);
});

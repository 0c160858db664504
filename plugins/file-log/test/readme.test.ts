import assert from "node:assert/strict";
import { test } from "node:test";
import { engineForDrivers, readmeScript, shell, startDriver } from "../../../tests/support/driver-plugin.ts";

test("the README's log is read by stock docker, and followed to its end", { timeout: 120_000 }, async (context) => {
  const engine = await engineForDrivers(context);
  await startDriver(context, "file-log", { engine, env: (folder) => ({ ROOT: folder }) });
  const env = { DOCKER_HOST: engine.host };
  const { code, stdout, stderr } = await shell(readmeScript("file-log", "A log, and what was last in it"), env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^two\nthree$/m);
  assert.doesNotMatch(stdout, /^one$/m);
  const run = "docker run --rm --log-driver file-log";
  const refused = await shell(`${run} --log-opt max-lines=3 debian:bookworm-slim true`, env);
  assert.match(refused.stderr, /there is no log-opt "max-lines"/);
  await shell(`${run.replace("--rm", "--name streams")} debian:bookworm-slim sh -c 'echo wrong >&2'`, env);
  assert.equal((await shell("docker logs streams", env)).stderr, "wrong\n");
  const detached = `${run} --name long --log-opt max-size=64k --detach debian:bookworm-slim`;
  const lines = "i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done; sleep 1";
  const followed = await shell(`${detached} sh -c '${lines}'; docker logs --follow long`, env);
  const numbers = followed.stdout.split("\n").slice(1, -1);
  assert.deepEqual(
    numbers,
    Array.from({ length: 3000 }, (_, index) => String(index)),
  );
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { engineForDrivers, readmeScript, shell, startDriver } from "../../../tests/support/driver-plugin.ts";

test("a Prometheus reads a real engine's metrics, and its last ones when it has stopped", { timeout: 120_000 }, async (context) => {
  const engine = await engineForDrivers(context);
  const env = { SOCKET: join(engine.folder, "run", "metrics.sock"), PREFIX: "n_", KEEP: "engine_daemon_*", LISTEN: "127.0.0.1:0" };
  // Not where the engine looks for plug-ins: a metrics collector that is no managed plug-in hangs it.
  const driver = await startDriver(context, "engine-metrics", { env: () => env });
  const port = /"port":([0-9]+)/.exec(driver.output())?.[1];
  const read = readmeScript("engine-metrics", "What a Prometheus reads").replace("9324", String(port));
  const { code, stdout, stderr } = await shell(read);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^n_engine_daemon_container_states_containers\{state="running"\} 0$/m);
  assert.match(stdout, /^engine_metrics_up 1$/m);
  assert.doesNotMatch(stdout, /go_goroutines/);
  await engine.stop();
  const after = (await shell(read)).stdout;
  assert.match(after, /^n_engine_daemon_container_states_containers/m);
  assert.match(after, /^engine_metrics_up 0$/m);
});

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { engineGateway, until } from "./support/engine-gateway.ts";
import { runtimeEngine } from "./support/runtime-engine.ts";
import { execute, root } from "./support/sandbox.ts";

test("a service's tasks have the labels and limits of the service's request, and OCI hooks by asking", {
  timeout: 120_000,
}, async (context) => {
  const { engine, folder, records } = await runtimeEngine(context, { wrapper: { missing: "ask" }, bridge: "10.214.80.1/24" });
  const log = join(folder, "log");
  writeFileSync(join(folder, "hook"), `#!/bin/sh\necho "$1" >> ${log}\n`, { mode: 0o755 });
  const inside = ["--net", "--target", readFileSync(engine.pidFile, "utf8").trim(), "--"];
  await execute("nsenter", [...inside, "ip", "link", "set", "lo", "up"], root);
  const gateway = await engineGateway(context, engine.host, {
    records,
    listener: ",user=alice",
    plugins: [
      { from: "plugins/env-to-limits" },
      { from: "plugins/labeler" },
      { from: "examples/engine-hooks/oci-hooks", values: { hooks: { before: join(folder, "hook") } } },
    ],
  });
  const docker = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await gateway.docker(...words);
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}${gateway.log()}`);
    return stdout.trim();
  };
  await docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377");
  const options = [
    "--detach",
    "--network",
    "host",
    "--container-label",
    "example.hooks=yes",
    "-e",
    "MEMORY_LIMIT=64Mi",
    "--stop-grace-period",
    "0s",
  ];
  await docker("service", "create", "--name", "web", "--no-resolve-image", ...options, "tiny", "sleep", "600");
  const task = (): Promise<string> => docker("ps", "-q", "--no-trunc", "--filter", "label=com.docker.swarm.service.name=web");
  await until("its task runs", async () => (await task()) !== "", 60);
  const id = await task();
  const format = '{{index .Config.Labels "outrigger.created.user"}} {{.HostConfig.Memory}}';
  assert.equal(await docker("inspect", "-f", format, id), `alice ${64 << 20}`);
  await until("its hook ran", () => existsSync(log) && readFileSync(log, "utf8").includes(id));
  await docker("service", "rm", "web");
  await docker("swarm", "leave", "--force");
});

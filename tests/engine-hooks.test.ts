import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type EngineGateway, engineGateway, runs, until } from "./support/engine-gateway.ts";
import { ownEngine } from "./support/own-engine.ts";
import { runtimeEngine } from "./support/runtime-engine.ts";
import { execute, root } from "./support/sandbox.ts";
import { tinyImage } from "./support/tiny-image.ts";

const timeout = 180_000;
const policy = `rules: { restart: { policies: ["no", always] }, routes: { unknown: ["/outrigger/*"] } }`;

/** What a command of docker prints; it has to succeed. */
async function said(gateway: EngineGateway, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await gateway.docker(...words);
  assert.equal(code, 0, `docker ${words.join(" ")}: ${stderr}`);
  return stdout.trim();
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-hooks-"));
  chmodSync(folder, 0o777);
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The ids of processes whose command line holds a word. */
function processesWith(word: string): readonly number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(word)).map((line) => Number.parseInt(line, 10));
}

test("daemon.preStart and preStop: a helper lives and dies with the gateway, however that ends", { timeout }, async (context) => {
  const engine = await ownEngine(context, "60m");
  const place = join(folderOf(context), "helper");
  const helper = { command: "/usr/bin/socat", arguments: `UNIX-LISTEN:${place},fork\n/dev/null`, ready: place };
  const gateway = await engineGateway(context, engine.host, {
    plugins: [{ from: "examples/engine-hooks/helper-process", values: { helper } }],
  });
  assert.ok(existsSync(place), "it is ready before the first request");
  const [first = 0] = processesWith(`UNIX-LISTEN:${place}`);
  assert.ok(runs(first));
  process.kill(first, "SIGKILL");
  rmSync(place, { force: true });
  await until("it is started anew", () => existsSync(place));
  const [second = 0] = processesWith(`UNIX-LISTEN:${place}`);
  assert.notEqual(second, first);
  await gateway.kill9();
  await until("the kernel ended it", () => !runs(second));
  rmSync(place, { force: true });
  await gateway.start();
  const [third = 0] = processesWith(`UNIX-LISTEN:${place}`);
  await gateway.stop();
  assert.ok(!runs(third));
  const log = readFileSync(join(gateway.state, "logs", "helper-process.log"), "utf8");
  assert.match(log, /the gateway stops, and the helper with it/);
});

test("a daemon.preStart that fails stops the gateway's start, and says whose it was", { timeout }, async (context) => {
  const engine = await ownEngine(context, "60m");
  const code = `export default { name: "no", hooks: { "daemon.preStart": () => { throw new Error("no disk"); } } };`;
  const own = { no: { engine: { entry: "index.js", hooks: ["daemon.preStart"] }, files: { "index.js": code } } };
  await assert.rejects(
    engineGateway(context, engine.host, { plugins: [{ from: "no" }], own }),
    /the gateway ended: [\s\S]*no failed at daemon\.preStart[\s\S]*no disk/,
  );
});

test("hook points in a container's life, on the real engine", { timeout }, async (context) => {
  const { engine, folder, records } = await runtimeEngine(context);
  const log = join(folder, "log");
  for (const [name, line] of [
    ["before", "before"],
    ["after", "after"],
  ] as const) {
    const script = `#!/bin/sh
pid=$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/')
if grep -q eth0 "/proc/$pid/net/dev"; then network=with; else network=without; fi
echo "${line} $network network" >> ${log}
`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
  const lines = (): readonly string[] => (existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : []);
  const gateway = await engineGateway(context, engine.host, {
    records,
    listener: ",user=alice",
    plugins: [
      { from: "plugins/env-to-limits" },
      { from: "plugins/labeler" },
      { from: "plugins/policy", values: { policy: { text: policy } } },
      {
        from: "plugins/default-volume-options",
        values: { volumes: { labels: "backup=daily", options: "type=tmpfs\ndevice=tmpfs\no=size=1m" } },
        more: { priority: 1 },
      },
      { from: "examples/engine-hooks/oci-hooks", values: { hooks: { before: join(folder, "before"), after: join(folder, "after") } } },
      { from: "examples/engine-hooks/main-network", values: { network: { main: "front", parameters: "example.lane=fast\n" } } },
      { from: "examples/engine-hooks/variables-in-rootfs" },
      { from: "examples/engine-hooks/routes" },
    ],
  });
  const docker = (...words: string[]): Promise<string> => said(gateway, ...words);
  const inspect = (what: string, format: string): Promise<string> => docker("inspect", "-f", format, what);

  await context.test("container.preCreate: variables become limits that the container has; who made it is written on it", async () => {
    await docker("run", "-d", "--name", "limits", "--stop-timeout", "0", "-e", "MEMORY_LIMIT=64Mi", "tiny", "sleep", "600");
    assert.equal(await inspect("limits", "{{.HostConfig.Memory}}"), String(64 << 20));
    assert.equal(await inspect("limits", '{{index .Config.Labels "outrigger.created.user"}}'), "alice");
    const id = await inspect("limits", "{{.Id}}");
    assert.equal(readFileSync(`/sys/fs/cgroup/memory/docker/${id}/memory.limit_in_bytes`, "utf8").trim(), String(64 << 20));
    const refused = await gateway.docker("create", "-e", "MEMORY_LIMIT=much", "tiny");
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /env-to-limits: .*MEMORY_LIMIT/);
  });

  await context.test("container.preStart: OCI hooks run around the network, also for restarts without a gateway", async () => {
    await docker(
      "run",
      "-d",
      "--name",
      "hooked",
      "--restart",
      "always",
      "--stop-timeout",
      "0",
      "--label",
      "example.hooks=yes",
      "tiny",
      "sleep",
      "600",
    );
    const once = ["before without network", "after with network"];
    assert.deepEqual(lines(), once);
    const pid = Number(await inspect("hooked", "{{.State.Pid}}"));
    await gateway.kill9();
    process.kill(pid, "SIGKILL");
    await until("the engine restarted it", () => lines().length === 4);
    assert.deepEqual(lines(), [...once, ...once]);
    await gateway.start();
    await docker("restart", "-t", "0", "hooked");
    assert.deepEqual(lines(), [...once, ...once, ...once]);
    await docker("run", "--rm", "tiny", "true");
    assert.equal(lines().length, 6, "others have no hooks");
  });

  await context.test("container.preCreateEndpoint and network.preCreate: at a container's creation and at network connect", async () => {
    await docker("network", "create", "front");
    await docker("network", "create", "back");
    assert.equal(await inspect("front", '{{index .Labels "outrigger.created.user"}}'), "alice");
    const options = '{{json (index .NetworkSettings.Networks "front").DriverOpts}}';
    await docker("run", "-d", "--name", "created", "--stop-timeout", "0", "--network", "front", "tiny", "sleep", "600");
    assert.equal(await inspect("created", options), '{"example.lane":"fast"}');
    await docker("run", "-d", "--name", "joined", "--stop-timeout", "0", "--network", "back", "tiny", "sleep", "600");
    assert.equal(await inspect("joined", '{{json (index .NetworkSettings.Networks "back").DriverOpts}}'), "null");
    await docker("network", "connect", "front", "joined");
    assert.equal(await inspect("joined", options), '{"example.lane":"fast"}');
  });

  await context.test("container.preUpdate and postUpdate: judged before, and the variables are in the root filesystem after", async () => {
    const refused = await gateway.docker("update", "--restart", "on-failure", "limits");
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /policy: .*on-failure/);
    assert.equal(await inspect("limits", "{{.HostConfig.RestartPolicy.Name}}"), "no");
    assert.equal(await inspect("limits", "{{.HostConfig.Memory}}"), String(64 << 20));
    await docker("update", "--memory", "100m", "--memory-swap", "200m", "limits");
    assert.equal(await inspect("limits", "{{.HostConfig.Memory}}"), String(100 << 20));
    assert.match(await docker("exec", "limits", "cat", "/etc/profile.d/container-variables.sh"), /^export MEMORY_LIMIT='64Mi'$/m);
  });

  await context.test("volume.preCreate: by itself, and with a container by -v, --mount and VOLUME", async () => {
    tinyImage(engine.host, "with-volume", ["VOLUME /data"]);
    await docker("volume", "create", "plain");
    const container = ["--stop-timeout", "0", "tiny", "sleep", "600"];
    await docker(
      "run",
      "-d",
      "--name",
      "named",
      "-v",
      "by-bind:/x",
      "--mount",
      "type=volume,src=by-mount,dst=/y",
      "-v",
      "/z",
      ...container,
    );
    await docker("create", "--name", "imaged", "with-volume", "true");
    const mounts = '{{range .Mounts}}{{.Destination}} {{.Name}}{{"\\n"}}{{end}}';
    const of = async (name: string): Promise<readonly string[]> =>
      (await inspect(name, mounts)).split("\n").map((line) => line.split(" ")[1] ?? "");
    const [named, imaged] = [await of("named"), await of("imaged")];
    assert.deepEqual([named.length, imaged.length], [3, 1]);
    assert.ok(named.includes("by-bind") && named.includes("by-mount"));
    for (const volume of ["plain", ...named, ...imaged]) {
      const { Options, Labels } = JSON.parse(await docker("volume", "inspect", "-f", "{{json .}}", volume));
      assert.deepEqual(Options, { type: "tmpfs", device: "tmpfs", o: "size=1m" }, volume);
      assert.deepEqual([Labels["backup"], Labels["outrigger.created.user"]], ["daily", "alice"], volume);
    }
    assert.match(await docker("exec", "named", "cat", "/proc/mounts"), /tmpfs \/x tmpfs rw,.*size=1024k/);
  });

  await context.test("api.routes: a new route, one that is gone, and other people's containers are hidden", async () => {
    const curl = (path: string): string =>
      execFileSync("curl", ["-s", "--unix-socket", gateway.socket, `http://docker${path}`], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(curl("/outrigger/hello")), { hello: "alice", version: null });
    assert.deepEqual(JSON.parse(curl("/v1.41/outrigger/hello")), { hello: "alice", version: "1.41" });
    assert.match(curl("/images/search?term=x"), /page not found/);
    await execute("docker", ["-H", engine.host, "create", "--name", "someone-elses", "tiny", "true"], root);
    const names = (await docker("ps", "-a", "--format", "{{.Names}}")).split("\n");
    assert.ok(names.includes("limits") && !names.includes("someone-elses"));
    assert.match((await gateway.docker("container", "inspect", "someone-elses")).stderr, /No such container/i);
  });

  await context.test("trace and explain show what plug-ins did", async () => {
    const traces: readonly { readonly id: string; readonly target: string; readonly status: number }[] = JSON.parse(
      (await gateway.engine("trace", "-o", "json")).stdout,
    );
    const refused = (await gateway.docker("create", "--privileged", "tiny")).stderr;
    const id = /engine explain ([^`]+)`/.exec(refused)?.[1] ?? "";
    const explained = await gateway.engine("explain", id);
    assert.match(explained.stdout, /policy@1\.0\.0 refused it at container\.preCreate\/validate/, refused + explained.stderr);
    assert.match(explained.stdout, /labeler@1\.0\.0 container\.preCreate: changed/);
    const made = traces.findLast(({ target }) => target.includes("/containers/create"));
    const shown = await gateway.engine("trace", made?.id ?? "");
    assert.match(shown.stdout, /\+ .*outrigger\.created\.user.*"alice"/);
  });
});

test("api.request: read-only-socket lets look and not touch", { timeout }, async (context) => {
  const engine = await ownEngine(context, "60m");
  tinyImage(engine.host, "tiny");
  await execute("docker", ["-H", engine.host, "create", "--name", "one", "-e", "SECRET=x", "tiny", "true"], root);
  const gateway = await engineGateway(context, engine.host, {
    plugins: [{ from: "plugins/read-only-socket", values: { sections: { CONTAINERS: true } } }],
  });
  assert.equal(await said(gateway, "ps", "-a", "--format", "{{.Names}}"), "one");
  assert.equal(await said(gateway, "inspect", "--type", "container", "-f", "{{len .Config.Env}}", "one"), "0");
  for (const words of [["rm", "one"], ["start", "one"], ["images"], ["create", "tiny"], ["cp", "one:/etc/passwd", "-"]]) {
    const { code, stderr } = await gateway.docker(...words);
    assert.notEqual(code, 0, words.join(" "));
    assert.match(stderr, /read-only-socket/, words.join(" "));
  }
  assert.equal(await said(gateway, "ps", "-aq").then((text) => text.split("\n").length), 1);
});

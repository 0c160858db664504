import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { BuildResource, ComponentResource, EventResource, InstallationResource, PlanResource, TokenResource } from "@outrigger/server";
import { outrigger } from "./run-outrigger.ts";
import {
  app,
  appYaml,
  containers,
  docker,
  dockerfile,
  env,
  folder,
  good,
  id,
  json,
  port,
  run,
  write,
  writeProject,
} from "./session-folder.ts";

// One user's session on a real server and engine, told in order: each test goes on where the last ended.
before(writeProject);

after(async () => {
  await run("down", app, "--volumes");
  await run("server", "--stop");
  const images = docker("images", "-q", "--filter", `label=session=${id}`);
  if (images.length > 0) docker("rmi", "-f", ...new Set(images));
  folder[Symbol.dispose]();
});

test("up starts the server, builds, runs and waits; a second up changes nothing", async () => {
  const first = await run("up", "--timeout", "60");
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^Started the server at http:\/\/127\.0\.0\.1:\d+ \(process \d+, log .*server\.log\)\.$/m);
  assert.match(first.stderr, /^component web: built$/m);
  assert.match(first.stdout, new RegExp(`^web +ready +1/1 +3/3 +0 +first-${id}@1.0.0, beside-${id}@1.0.0$`, "m"));
  assert.match(first.stdout, new RegExp(`^web {2}http://127\\.0\\.0\\.1:${port}$`, "m"));
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/index.html`)).text(), `page of ${id}\n`);
  assert.equal(statSync(join(env.OUTRIGGER_DATA_DIR, "admin-token")).mode & 0o077, 0);
  const running = containers();
  const second = await run("up", "--timeout", "60");
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /plugin first-\w+@1\.0\.0: built \(nothing changed\)/);
  assert.match(second.stderr, /component web: built \(nothing changed\)/);
  assert.deepEqual(containers(), running);
});

test("logs come from all containers, each prefixed, the init container's too", async () => {
  const { stdout } = await run("logs", `${app}/web`);
  assert.match(stdout, new RegExp(`^first-${id} +\\| first says before, hello$`, "m"));
  assert.match(stdout, new RegExp(`^beside-${id} \\| beside says beside, hello, token 6$`, "m"));
  const one = await run("logs", `${app}/web`, "-c", `first-${id}`, "--tail", "1", "--timestamps");
  assert.match(one.stdout, /^first-\w+ \| \d{4}-\d\d-\d\dT\S+ first says before, hello\n$/);
  const followed = await outrigger(["logs", `${app}/web`, "-f", "--server", "http://127.0.0.1:9"], { env: { OUTRIGGER_TOKEN: "t" } });
  assert.equal(followed.code, 1);
});

test("get, describe, events and builds tell how it fares, in words and as data, without secrets", async () => {
  assert.match(await good("get", "applications"), new RegExp(`${app} +web ready`));
  const [component] = await json<ComponentResource[]>("get", "components", app);
  assert.equal(component?.status.state, "ready");
  assert.match(await good("describe", `${app}/web`), /container +role +plug-in/i);
  assert.match(await good("describe", app), /published: +web {2}http/);
  assert.match(await good("describe", `${app}/web/beside-${id}`), /TOKEN:\n +secret: set/);
  assert.ok((await json<BuildResource[]>("get", "builds")).every(({ state }) => state === "built"));
  assert.ok((await json<EventResource[]>("events", "--subject", `component:${app}/web`)).length > 0);
  assert.match(await good("get", "server"), /docker/i);
  const everything = await Promise.all([
    good("get", "installations", "-o", "yaml"),
    good("describe", `${app}/web`, "-o", "yaml"),
    good("events", "-o", "yaml"),
  ]);
  assert.doesNotMatch(everything.join(), /hush/);
});

test("plan says what a change would do, and does nothing", async () => {
  assert.match(await good("plan"), /^Nothing would change\.$/m);
  const running = containers();
  write({ "changed.yaml": appYaml("goodbye") });
  const plan = await json<PlanResource>("plan", "-f", "changed.yaml");
  assert.notEqual(plan.kind, "none");
  assert.match(await good("plan", "-f", "changed.yaml"), /^web: .*\n {2}- .*GREETING/m);
  assert.deepEqual(containers(), running);
});

test("a fixed version whose files differ is refused with the mend", async () => {
  const file = join(folder.path, `plugins/beside-${id}/Dockerfile`);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, `${text}# changed\n`);
  const { code, stderr } = await run("up");
  writeFileSync(file, text);
  assert.equal(code, 2);
  assert.match(stderr, /plugin\.yaml:3:\d+: metadata\.version: The plugin beside-\w+@1\.0\.0 is built and therefore fixed, but the files/);
  assert.match(stderr, /Bump metadata\.version/);
});

test("what only the server can refuse is placed in the file: a privilege that the team does not allow", async () => {
  const name = `mighty-${id}`;
  const manifest = readFileSync(join(folder.path, `plugins/extra-${id}/plugin.yaml`), "utf8");
  write({
    [`plugins/${name}/plugin.yaml`]: manifest
      .replaceAll(`extra-${id}`, name)
      .replace("source: { dockerfile: {} }", "source: { dockerfile: {} }, securityContext: { capabilities: { add: [NET_ADMIN] } }"),
    [`plugins/${name}/Dockerfile`]: dockerfile("exit 0", name),
    "mighty.yaml": appYaml("hello")
      .replaceAll(app, `${app}-mighty`)
      .replace(`beside-${id}@1.0.0`, name)
      .replace(/WORD: beside, TOKEN: \{.*?\}/, "WORD: x"),
  });
  const { code, stderr } = await run("up", "-f", "mighty.yaml");
  assert.equal(code, 2, stderr);
  assert.match(stderr, /mighty\.yaml:15:\d+: spec\.components\[0\]\.plugins\[1\].*NET_ADMIN/);
  assert.equal((await run("get", "applications", `${app}-mighty`)).code, 2, "nothing is half-done");
  await good("plugin", "delete", name);
});

test("a plug-in is built, installed, configured, switched, upgraded, rolled back and uninstalled by hand", async () => {
  const name = `extra-${id}`;
  const target = `${app}/web`;
  assert.match(await good("plugin", "build", `plugins/${name}`), /Built the plugin extra-/);
  assert.match(await good("plugin", "build", `plugins/${name}`), /is built already, and nothing changed/);
  const refused = await run("install", target, name, "--set", "settings.SPEED=0");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /SPEED is 0; it must be at least 1/);
  const unknown = await run("install", target, name, "--set", "settings.SPED=1");
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Did you mean "settings\.SPEED"\?/);
  assert.match(await good("install", target, name, "--set", "settings.WORD=one", "--dry-run"), new RegExp(`${name}`));
  assert.equal((await json<InstallationResource[]>("get", "installations", target)).length, 2);
  await good("install", target, name, "--set", "settings.WORD=one", "--memory", "24Mi");
  await good("configure", target, name, "--set", "settings.SPEED=7", "--unset", "settings.WORD");
  const installed = await json<InstallationResource>("describe", `${target}/${name}`);
  assert.deepEqual([installed.values, installed.resources, installed.enabled], [{ settings: { SPEED: 7 } }, { memory: "24Mi" }, true]);
  assert.match(await good("get", "revisions", `${target}/${name}`), /^2 [\s\S]*admin[\s\S]*^1 [\s\S]*WORD/m);
  assert.match(await good("configure", target, name, "--rollback", "1", "--dry-run"), /the variable WORD/);
  await good("configure", target, name, "--rollback", "1");
  assert.deepEqual((await json<InstallationResource>("describe", `${target}/${name}`)).values, { settings: { WORD: "one" } });
  await good("configure", target, name, "--rollback", "2");
  const gone = await run("configure", target, name, "--rollback", "99");
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /has no revision 99/);
  assert.match((await run("get", "revisions", target)).stderr, /Name it: `outrigger get revisions APPLICATION/);
  await good("disable", target, name);
  const disabled = await json<InstallationResource>("describe", `${target}/${name}`);
  assert.deepEqual([disabled.values, disabled.state], [installed.values, "disabled"]);
  await good("enable", target, name);
  write({
    [`plugins/${name}/plugin.yaml`]: readFileSync(join(folder.path, `plugins/${name}/plugin.yaml`), "utf8").replace("1.0.0", "1.1.0"),
  });
  await good("plugin", "build", `plugins/${name}`);
  assert.match(await good("plugin", "versions", name), /^1\.1\.0 +built[\s\S]*^1\.0\.0 +built/m);
  assert.match(await good("plugin", "show", name), /SPEED +integer from 1 +5/);
  const none = await run("rollback", target, name);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /has run as 1\.0\.0 only/);
  await good("upgrade", target, `${name}@1.1.0`);
  await good("configure", target, name, "--set", "settings.SPEED=8");
  await good("rollback", target, name);
  assert.equal((await json<InstallationResource>("describe", `${target}/${name}`)).version, "1.0.0");
  await good("rollback", target, name);
  assert.equal((await json<InstallationResource>("describe", `${target}/${name}`)).version, "1.1.0", "a rollback can be undone");
  await good("rollback", target, name);
  const used = await run("plugin", "delete", name);
  assert.equal(used.code, 2);
  await good("uninstall", target, name);
  await good("plugin", "delete", `${name}@1.0.0`);
  await good("plugin", "delete", name);
});

test("teams, tokens and credentials: texts are shown once or never, roles count", async () => {
  const team = `blue-${id}`;
  await good("team", "create", team);
  assert.match(await good("team", "allow", team, "capability:NET_ADMIN"), /allows: capability:NET_ADMIN/);
  assert.match(await good("team", "allow", team, "capability:NET_ADMIN", "--remove"), /nothing beyond/);
  const made = await run("token", "create", "a viewer", "--role", `${team}=viewer`);
  assert.equal(made.code, 0, made.stderr);
  const token = made.stdout.trim();
  const viewer = { ...env, OUTRIGGER_TOKEN: token };
  assert.equal((await outrigger(["get", "applications", "--team", team], { env: viewer })).code, 0);
  assert.equal((await outrigger(["get", "applications"], { env: viewer })).code, 2, "another team is not there for it");
  assert.equal((await outrigger(["plugin", "delete", "x", "--team", team], { env: viewer })).code, 1, "a viewer may not");
  const tokens = await json<TokenResource[]>("token", "list");
  assert.ok(!JSON.stringify(tokens).includes(token));
  await good("token", "delete", tokens.find(({ description }) => description === "a viewer")?.id ?? "");
  assert.equal((await outrigger(["get", "applications", "--team", team], { env: viewer })).code, 1);
  const set = ["credential", "set", "internal", "--host", "registry.internal:5000", "--username", "build", "--team", team];
  assert.equal((await outrigger(set, { env, input: "hush-2\n" })).code, 0);
  assert.equal((await outrigger(set, { env, input: "" })).code, 2);
  const list = await good("credential", "list", "--team", team, "-o", "json");
  assert.match(list, /registry\.internal:5000/);
  assert.doesNotMatch(list, /hush/);
  await good("credential", "delete", "internal", "--team", team);
  await good("team", "delete", team);
});

test("an app that ends fails the command with its reason and last lines; a Dockerfile that fails, with its log", async () => {
  const failing = appYaml("hello")
    .replace(/\n {6}readiness.*/, "")
    .replace("build: { context: web }", "build: { context: broken }")
    .replaceAll(app, `${app}-failing`)
    .replace(`publish: ${port}`, "protocol: tcp")
    .replace("protocol: http, ", "");
  write({
    "failing.yaml": failing,
    "broken/Dockerfile": dockerfile("echo the reason is here; exit 3"),
    "unbuilt.yaml": failing.replace("context: broken", "context: unbuilt"),
    "unbuilt/Dockerfile": "FROM scratch\nCOPY nowhere /x\n",
  });
  const ended = await run("up", "-f", "failing.yaml", "--timeout", "60");
  await good("down", "-f", "failing.yaml");
  assert.equal(ended.code, 1, ended.stderr);
  assert.match(ended.stderr, /web is failing \(.*exit 3/);
  assert.match(ended.stderr, /web\/web \| the reason is here/);
  const unbuilt = await run("up", "-f", "unbuilt.yaml");
  assert.equal(unbuilt.code, 1);
  assert.match(unbuilt.stderr, /was not built \(failed\)[\s\S]*nowhere/);
});

test("a port that is taken is told soon, with what holds it", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => taken.once("listening", done));
  try {
    const address = taken.address();
    const number = typeof address === "object" ? address?.port : 0;
    write({ "taken.yaml": appYaml("hello").replaceAll(app, `${app}-taken`).replace(`publish: ${port}`, `publish: ${number}`) });
    const { code, stderr } = await run("up", "-f", "taken.yaml", "--timeout", "60");
    await good("down", "-f", "taken.yaml");
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`is not ready: web is waiting \\(127\\.0\\.0\\.1:${number} is already in use`));
  } finally {
    taken.close();
  }
});

test("Ctrl-C leaves it running and says so", async () => {
  const slow = appYaml("hello")
    .replaceAll(app, `${app}-slow`)
    .replace(`, publish: ${port}`, "")
    .replace("port: 8080 } }", "port: 8081 }, periodSeconds: 1 }");
  write({ "slow.yaml": slow });
  const stopped = await outrigger(["up", "-f", "slow.yaml"], { cwd: folder.path, env, interruptAt: /^web: (starting|running)/m });
  assert.equal(stopped.code, 130, stopped.stderr);
  assert.match(stopped.stderr, new RegExp(`Stopped watching; ${app}-slow goes on`));
  assert.match(await good("get", "applications"), new RegExp(`${app}-slow`));
  await good("down", "-f", "slow.yaml");
});

test("down removes everything and waits; a second down is no failure; a name that is not there is", async () => {
  assert.match(await good("down", "--volumes"), new RegExp(`Removed ${app} and its volumes\\.`));
  assert.deepEqual(containers(), []);
  assert.deepEqual(docker("network", "ls", "-q", "--filter", `name=${app}`), []);
  assert.match(await good("down"), /is not there/);
  assert.equal((await run("down", app)).code, 2);
  assert.match(await good("server", "--stop"), /Stopped the server/);
  assert.match(await good("server", "--stop"), /No server runs/);
});

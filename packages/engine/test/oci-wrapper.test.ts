import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createAskListener, createHookRecords } from "@outrigger/engine";
import { containerId, testWrapper } from "./support/wrapper.ts";

const record = { prestart: { before: [{ path: "/bin/true" }], after: [] } };
const plain = '{"ociVersion":"1.0.2"}';
const hooked = '{"hooks":{"prestart":[{"path":"/bin/true"}]},"ociVersion":"1.0.2"}';

test("every way to write the bundle leads to it, and the runtime gets the very words that came", async (context) => {
  const wrapper = await testWrapper(context);
  wrapper.keep(record);
  symlinkSync(wrapper.bundle, join(wrapper.folder, "create"));
  const bundles = [
    ["--bundle", wrapper.bundle],
    [`--bundle=${wrapper.bundle}`],
    ["-b", wrapper.bundle],
    [`-b=${wrapper.bundle}`],
    ["-bundle", "create"],
  ];
  const globals = [
    [],
    ["--root", "run", "--log", "create", "--log-format", "json"],
    ["--root=create", "--systemd-cgroup", "--debug", "-log=x", "--criu", "restore", "--rootless", "auto"],
  ];
  const flags = [[], ["--pid-file", "run", "--console-socket=s", "--no-pivot", "--preserve-fds", "2", "--no-new-keyring"]];
  for (const verb of ["create", "run", "restore"]) {
    for (const global of globals) {
      for (const bundle of bundles) {
        for (const flag of flags) {
          for (const words of [
            [...global, verb, ...bundle, ...flag, containerId],
            [...global, verb, ...flag, ...bundle, "--", containerId],
            [...global, verb, containerId, ...flag, ...bundle],
          ]) {
            wrapper.writeConfig(plain);
            assert.deepEqual(wrapper.run(words), { code: 0, stdout: "done\n", stderr: "" }, words.join(" "));
            assert.deepEqual(wrapper.calledWith(), words);
            assert.equal(wrapper.config(), hooked, words.join(" "));
          }
        }
      }
    }
  }
});

test("without --bundle the working folder is the bundle, and a relative one is taken from there", async (context) => {
  const wrapper = await testWrapper(context);
  wrapper.keep(record);
  for (const [cwd, words] of [
    [wrapper.bundle, []],
    [wrapper.folder, ["-b", "bundle"]],
    [wrapper.folder, ["-b", "./bundle/"]],
  ] as const) {
    wrapper.writeConfig(plain);
    assert.equal(wrapper.run(["create", ...words, containerId], { cwd }).code, 0);
    assert.equal(wrapper.config(), hooked);
  }
});

test("other verbs, and calls without one, reach the runtime untouched", async (context) => {
  const wrapper = await testWrapper(context, { missing: "refuse" });
  for (const words of [
    [],
    ["--version"],
    ["features"],
    ["--root", "create", "start", containerId],
    ["exec", "--process", "p", containerId, "create", "--bundle", "x y", ""],
    ["--log", "run", "delete", "--force", "create"],
    ["kill", containerId, "9"],
    ["create", "--help"],
  ]) {
    assert.deepEqual(wrapper.run(words), { code: 0, stdout: "done\n", stderr: "" });
    assert.deepEqual(wrapper.calledWith(), words);
  }
});

test("arguments that could hide a create are refused", async (context) => {
  const wrapper = await testWrapper(context);
  wrapper.keep(record);
  wrapper.writeConfig(plain);
  for (const words of [
    ["--new-flag", "value", "create", "-b", wrapper.bundle, containerId],
    ["--new-flag", "create", "-b", wrapper.bundle, containerId],
    ["create", "--bund", wrapper.bundle, containerId],
    ["create", `-b${wrapper.bundle}`, containerId],
    ["create", "--config", "other.json", "-b", wrapper.bundle, containerId],
    ["create", "--new-flag", "value", "-b", wrapper.bundle, containerId],
  ]) {
    const { code, stderr } = wrapper.run(words);
    assert.equal(code, 1, words.join(" "));
    assert.match(stderr, /^outrigger: (the flag|the container's id)/);
    assert.equal(wrapper.calledWith(), undefined);
  }
});

test("the runtime has the caller's input, output and further descriptors", async (context) => {
  const wrapper = await testWrapper(context);
  wrapper.keep(record);
  wrapper.writeConfig(plain);
  const file = join(wrapper.folder, "kept-open");
  const fds = Array.from({ length: 9 }, () => openSync(file, "w"));
  wrapper.run(["create", "--preserve-fds", "9", "-b", wrapper.bundle, containerId], { fds });
  const seen = readFileSync(join(wrapper.folder, "calls.fds"), "utf8");
  for (let fd = 3; fd < 12; fd += 1) assert.match(seen, new RegExp(` ${fd} -> .*kept-open`));
  assert.equal(readFileSync(join(wrapper.folder, "calls.stdin"), "utf8"), "in");
  assert.doesNotMatch(seen, /config\.json|\.hooks/);
});

test("a record that can't be applied stops the container, in the log that the engine reads or on stderr", async (context) => {
  const wrapper = await testWrapper(context);
  const file = join(wrapper.records, `${containerId}.hooks`);
  const log = join(wrapper.folder, "log.json");
  wrapper.writeConfig(plain);
  wrapper.keep(record);
  const good = readFileSync(file, "utf8");
  for (const text of [
    "",
    "outrigger-hooks 2\nend\n",
    "outrigger-hooks 1\n",
    good.replace("end\n", ""),
    good.replace("prestart", "preStart"),
    `${good}more\n`,
    good.replace("before", "between"),
  ]) {
    writeFileSync(file, text);
    const { code, stderr } = wrapper.run(["--log", log, "--log-format", "json", "create", "-b", wrapper.bundle, containerId]);
    assert.deepEqual([code, stderr], [1, ""], text);
    assert.equal(wrapper.config(), plain);
    assert.equal(wrapper.calledWith(), undefined);
    const entry = JSON.parse(readFileSync(log, "utf8").trimEnd().split("\n").at(-1) ?? "") as Record<string, string>;
    assert.equal(entry["level"], "error");
    assert.match(entry["msg"] ?? "", /^outrigger: the hooks of the container 0123/);
    assert.ok(Number.isFinite(Date.parse(entry["time"] ?? "")));
    assert.match(wrapper.run(["create", "-b", wrapper.bundle, containerId]).stderr, /^outrigger: the hooks of/);
  }
  assert.deepEqual(readdirSync(wrapper.bundle), ["config.json"]);
});

test("words of the log are JSON whatever the bundle is called", async (context) => {
  const wrapper = await testWrapper(context);
  const log = join(wrapper.folder, "log.json");
  const words = ["--log-format=json", `--log=${log}`, "create", '--config="\\\n', containerId];
  assert.equal(wrapper.run(words).code, 1);
  assert.match(
    (JSON.parse(readFileSync(log, "utf8")) as { msg: string }).msg,
    /the flag --config="\\ {2}is not one|the flag --config="\\ is not one/,
  );
});

test("a disk that is full leaves config.json as it was", async (context) => {
  for (const awk of ["mawk", "busybox awk"]) {
    const wrapper = await testWrapper(context, { awk });
    wrapper.keep({ prestart: { before: [{ path: "/bin/true", env: [`LONG=${"x".repeat(40_000)}`] }], after: [] } });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", wrapper.bundle]);
    try {
      const config = `{"annotations":{"a":"${"y".repeat(20_000)}"}}`;
      wrapper.writeConfig(config);
      const { code, stderr } = wrapper.run(["create", "-b", wrapper.bundle, containerId]);
      assert.equal(code, 1);
      assert.match(stderr, /can't be added/);
      assert.equal(wrapper.config(), config);
      assert.deepEqual(readdirSync(wrapper.bundle), ["config.json"]);
    } finally {
      execFileSync("umount", [wrapper.bundle]);
    }
  }
});

test("a wrapper killed at its work leaves config.json whole, and the next try does it", async (context) => {
  const wrapper = await testWrapper(context, { awk: "sleep 600; awk" });
  wrapper.keep(record);
  wrapper.writeConfig(plain);
  const child = spawn(wrapper.program, ["create", "-b", wrapper.bundle, containerId], { detached: true, stdio: "ignore" });
  while (!existsSync(join(wrapper.bundle, "config.json.outrigger"))) await sleep(10);
  process.kill(-(child.pid ?? assert.fail()), "SIGKILL");
  await once(child, "exit");
  assert.equal(wrapper.config(), plain);
  writeFileSync(wrapper.program, readFileSync(wrapper.program, "utf8").replace("sleep 600; awk", "awk"));
  assert.equal(wrapper.run(["create", "-b", wrapper.bundle, containerId]).code, 0);
  assert.equal(wrapper.config(), hooked);
  assert.deepEqual(readdirSync(wrapper.bundle), ["config.json"]);
});

test("config.json keeps its mode, and containers without hooks keep their file", async (context) => {
  const wrapper = await testWrapper(context);
  wrapper.keep(record);
  wrapper.writeConfig(plain);
  chmodSync(join(wrapper.bundle, "config.json"), 0o640);
  assert.equal(wrapper.run(["create", "-b", wrapper.bundle, containerId]).code, 0);
  const { mode, ino } = statSync(join(wrapper.bundle, "config.json"));
  assert.equal(mode & 0o777, 0o640);
  wrapper.keep({});
  assert.equal(wrapper.run(["create", "-b", wrapper.bundle, containerId]).code, 0);
  assert.equal(statSync(join(wrapper.bundle, "config.json")).ino, ino);
});

test("an annotation that a client sets neither adds hooks nor keeps them away", async (context) => {
  const wrapper = await testWrapper(context);
  wrapper.keep(record);
  const annotations = '"annotations":{"hooks":"{\\"prestart\\":[]}","io.outrigger.hooks":"done","outrigger-hooks":"1"}';
  wrapper.writeConfig(`{${annotations}}`);
  assert.equal(wrapper.run(["create", "-b", wrapper.bundle, containerId]).code, 0);
  assert.equal(wrapper.config(), `{"hooks":{"prestart":[{"path":"/bin/true"}]},${annotations}}`);
});

test("containers without a record run, or are refused, as the settings say", async (context) => {
  const open = await testWrapper(context);
  assert.equal(open.run(["create", "-b", open.bundle, containerId]).code, 0);
  const closed = await testWrapper(context, { missing: "refuse" });
  assert.match(closed.run(["create", "-b", closed.bundle, containerId]).stderr, /no hooks kept/);
  const asks = await testWrapper(context, { missing: "ask" });
  assert.match(asks.run(["create", "-b", asks.bundle, containerId]).stderr, /the gateway does not answer/);
  const lenient = await testWrapper(context, { missing: "ask", unanswered: "run" });
  for (const id of [containerId, "short", "../../etc/passwd", containerId.toUpperCase()]) {
    assert.equal(lenient.run(["create", "-b", lenient.bundle, id]).code, 0, id);
  }
  for (const id of ["short", "../x", containerId.toUpperCase()]) assert.equal(asks.run(["create", "-b", asks.bundle, id]).code, 1, id);
});

test("the gateway is asked for containers that it has not seen: it answers with hooks, or refuses in its own words", async (context) => {
  const wrapper = await testWrapper(context, { missing: "ask", wait: 20 });
  const records = await createHookRecords({ folder: wrapper.records, network: "prestart" });
  const seen: unknown[] = [];
  const listener = await createAskListener({
    folder: wrapper.records,
    records,
    answer: async (facts) => {
      seen.push(facts);
      assert.ok(!facts.env.includes("BAD=1"), 'no\nbad "things"');
      return [{ plugin: "guard", hook: { priority: 1, path: "/bin/true" } }];
    },
    onError: (error) => assert.fail(String(error)),
  });
  context.after(() => listener.close());
  const run = async (): Promise<readonly [number | null, string]> => {
    const child = spawn(wrapper.program, ["create", "-b", wrapper.bundle, containerId], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.resume();
    const [words, [code]] = await Promise.all([child.stderr.setEncoding("utf8").toArray(), once(child, "exit") as Promise<[number]>]);
    return [code, words.join("")];
  };
  const bad = '{"process":{"args":["/app"],"env":["BAD=1"]},"annotations":{"a":"b"}}';
  wrapper.writeConfig(bad);
  assert.deepEqual(await run(), [1, 'outrigger: no bad "things"\n']);
  assert.equal(wrapper.config(), bad);
  assert.deepEqual(seen, [{ containerId, bundle: wrapper.bundle, args: ["/app"], env: ["BAD=1"], annotations: { a: "b" } }]);
  wrapper.writeConfig(plain);
  assert.deepEqual(await run(), [0, ""]);
  assert.equal(wrapper.config(), hooked);
  wrapper.writeConfig(plain);
  assert.deepEqual(await run(), [0, ""]);
  assert.equal(seen.length, 2, "the record answers the second time");
  assert.deepEqual(readdirSync(join(wrapper.records, "asks")), ["listener"]);
});

test("a gateway that was killed is not waited for", async (context) => {
  const wrapper = await testWrapper(context, { missing: "ask", unanswered: "run", wait: 600 });
  mkdirSync(join(wrapper.records, "asks"));
  const dead = spawn("true");
  await once(dead, "exit");
  writeFileSync(join(wrapper.records, "asks", "listener"), `${dead.pid}\n`);
  assert.equal(wrapper.run(["create", "-b", wrapper.bundle, containerId]).code, 0);
  assert.ok(!existsSync(join(wrapper.records, "asks", `${containerId}.ask`)));
});

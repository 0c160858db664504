import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import { contextOf, folderOf, openPlugin } from "./support/brought-plugins.ts";

/** A program that greets well and then does `body` with the call it is given; `say` writes a message, `ask` waits for its answer. */
const program = (body: string): Readonly<Record<string, string>> => ({
  "some.py!": `#!/usr/bin/env python3
import json, os, sys, time
def say(m): sys.stdout.write(json.dumps({"jsonrpc": "2.0", **m}) + "\\n"); sys.stdout.flush()
def ask(id, method, params):
    say({"id": id, "method": method, "params": params})
    while True:
        m = json.loads(sys.stdin.readline())
        if m.get("id") == id and "method" not in m: return m
def log(text): say({"method": "log", "params": {"level": "info", "text": str(text)}})
for line in sys.stdin:
    m = json.loads(line)
    if m["method"] == "hello": say({"id": m["id"], "result": {"protocol": 1, "type": "SOME", "validate": False, "undo": False}})
    elif m["method"] == "run":
        id = m["id"]
${body
  .trim()
  .split("\n")
  .map((line) => `        ${line}`)
  .join("\n")}
        say({"id": id, "result": {}})
`,
});

const broken: Readonly<Record<string, readonly [string, RegExp]>> = {
  "garbage on its output": [
    'print("Reading nodes ...", flush=True); time.sleep(9)',
    /what is no message of the protocol: "Reading nodes \.\.\."/,
  ],
  "bytes that are no UTF-8": [
    'sys.stdout.buffer.write(b\'{"jsonrpc":"2.0","method":"\\xff"}\\n\'); sys.stdout.flush(); time.sleep(9)',
    /no message of the protocol/,
  ],
  "a line without an end": ['sys.stdout.write("[" * (17 << 20)); sys.stdout.flush(); time.sleep(9)', /a line of more than 16777216 bytes/],
  "a tower of brackets": ['print("[" * (15 << 20), flush=True); time.sleep(9)', /no message of the protocol/],
  "a batch": ['print("[]", flush=True); time.sleep(9)', /no message of the protocol: "\[\]"/],
  "an answer to nobody": ['say({"id": 99, "result": {}}); time.sleep(9)', /answered the request 99, which nobody waits for/],
  "an id that is a text": ['say({"id": str(id), "result": {}}); time.sleep(9)', /answered the request "2", which nobody waits for/],
  "a request twice with one id": [
    'for _ in range(2): say({"id": 7, "method": "exec", "params": {"host": "10.0.0.1", "script": "wait"}})\ntime.sleep(9)',
    /asked twice with the id 7/,
  ],
  "a notification there is not": [
    'say({"method": "reboot", "params": {}}); time.sleep(9)',
    /reboot are wrong: there is no such notification/,
  ],
  "a log that is none": ['say({"method": "log", "params": {"level": "fatal", "text": 1}}); time.sleep(9)', /log are wrong: level: /],
  "an answer that is both": [
    'say({"id": id, "result": {}, "error": {"code": 1, "message": "x"}}); time.sleep(9)',
    /no message of the protocol/,
  ],
  "a closed output": ["os.close(1); time.sleep(9)", /closed its standard output/],
};

for (const [what, [body, words]] of Object.entries(broken)) {
  test(`a plug-in that sends ${what} is ended with a reason`, async (t) => {
    const { run } = await openPlugin(t, program(body), { privileges: ["exec"] });
    const exec = async (): Promise<never> => new Promise(() => {});
    await assert.rejects(run({ exec }), (error) => {
      assert.ok(isOutriggerError(error));
      assert.equal(error.code, "cluster-plugin-ended");
      assert.match(error.message, words);
      return true;
    });
  });
}

test("a call that is answered twice is done once; the second answer ends the process, and the next call has a new one", async (t) => {
  const { run } = await openPlugin(t, program('log(os.getpid()); say({"id": id, "result": {}})'));
  const context = contextOf();
  await run(context);
  await run(context).catch(() => run(context));
  assert.ok(
    context.lines.some((line) => /is started anew: it answered the request \d+, which nobody waits for/.test(line)),
    context.lines.join("\n"),
  );
});

test("hosts and requests beyond the privileges are refused, and nothing is done", async (t) => {
  const body = `
for n, (method, params) in enumerate([
  ("exec", {"host": "10.0.0.1", "script": "a"}), ("exec", {"host": "10.0.0.3", "script": "b"}), ("exec", {"host": "127.0.0.1", "script": "c"}),
  ("exec", {"host": "10.0.0.1", "script": "d", "env": {"A=B;": "x"}}), ("exec", {"host": "10.0.0.1", "script": "e", "user": "root"}), ("exec", None),
  ("kubernetes", {"method": "GET", "path": "/api/v1/nodes"}), ("kubernetes", {"method": "GET", "path": "/api/v1/namespaces/a/%73ecrets/x"}),
  ("kubernetes", {"method": "PATCH", "path": "/api/v1/nodes/one", "patch": "merge", "body": {}}), ("kubernetes", {"method": "HEAD", "path": "/"}),
  ("files", {"path": "/etc/shadow"})]):
    a = ask(100 + n, method, params)
    log(a["error"]["message"] if "error" in a else "ok")`;
  const { run } = await openPlugin(t, program(body), { privileges: ["exec"] });
  const context = contextOf();
  await run(context);
  const lines = context.lines.map((line) => line.replace("info ", ""));
  const wanted = [
    /^ok$/,
    /may not run a script on 10\.0\.0\.3, which is no host of this call: it does not have the privilege exec:all/,
    /may not run a script on 127\.0\.0\.1: it is no host of this cluster/,
    /exec are wrong: env/,
    /exec are wrong: .*user/,
    /exec are wrong/,
    /^ok$/,
    /%73ecrets\/x \(it reads secrets\): it does not have the privilege kubernetes:write/,
    /PATCH changes the cluster/,
    /kubernetes are wrong: method/,
    /files are wrong: there is no such method/,
  ];
  assert.equal(lines.length, wanted.length, lines.join("\n"));
  for (const [index, words] of wanted.entries()) assert.match(lines[index] ?? "", words);
  assert.deepEqual(context.executed, [["10.0.0.1", "a"]]);
  assert.deepEqual(context.asked, [{ method: "GET", path: "/api/v1/nodes" }]);
});

test("a plug-in without exec runs nothing", async (t) => {
  const { run } = await openPlugin(t, program('log(ask(9, "exec", {"host": "10.0.0.1", "script": "a"})["error"]["message"])'));
  const context = contextOf();
  await run(context);
  assert.match(context.lines[0] ?? "", /may not run a script on 10\.0\.0\.1: it does not have the privilege exec\./);
  assert.deepEqual(context.executed, []);
});

test("requests without end are answered 64 at a time, and end with the plug-in's time", async (t) => {
  const body = `
n = 100
while True:
    n += 1
    say({"id": n, "method": "exec", "params": {"host": "10.0.0.1", "script": "x" * 1000}})`;
  const { run } = await openPlugin(t, program(body), { privileges: ["exec"] });
  let [now, most] = [0, 0];
  const exec = async (): Promise<{ exit: number; stdout: string; stderr: string }> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((later) => setTimeout(later, 20));
    now -= 1;
    return { exit: 0, stdout: "", stderr: "" };
  };
  await assert.rejects(run({ exec, deadline: Date.now() + 2_500 }), /its time is over/);
  // What stood in the pipe when reading paused is taken too: 64 KiB of requests of 1 KiB.
  assert.ok(most >= 64 && most < 256, String(most));
});

test("a plug-in that does not read its answers is ended", async (t) => {
  const body = `
n = 100
while True:
    n += 1
    say({"id": n, "method": "exec", "params": {"host": "10.0.0.1", "script": "x"}})`;
  const { run } = await openPlugin(t, program(body), { privileges: ["exec"] });
  const exec = async () => ({ exit: 0, stdout: "x".repeat(1 << 20), stderr: "" });
  await assert.rejects(run({ exec }), /it does not read: 67108864 bytes wait for it/);
});

test("a log has an end, and nothing in it moves a terminal's cursor", async (t) => {
  const body = `
log("\\x1b[2Ja\\x07\\rb\\u009bc\\nnext")
sys.stderr.write("\\x1b]0;title\\x07red\\n"); sys.stderr.flush()
for n in range(100): log("x" * 100000)`;
  const { run } = await openPlugin(t, program(body));
  const context = contextOf();
  await run(context);
  assert.deepEqual(context.lines.filter((line) => line.length < 100).toSorted(), [
    "info next",
    "info \ufffd[2Ja\ufffd\ufffdb\ufffdc",
    "info \ufffd]0;title\ufffdred",
    "warn The log ends here: it has more than 8388608 characters.",
  ]);
  assert.ok(context.lines.join("").length < 9_000_000);
});

const asRoot = process.getuid?.() === 0 ? {} : { skip: "only root can give a program a user of its own" };

test(
  "a program without the privilege local has a user of its own, no network, no secrets in its environment, and sees nobody's processes",
  asRoot,
  async (t) => {
    const server = createServer((socket) => socket.end("open"));
    t.after(() => server.close());
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    process.env["OUTRIGGER_TEST_SECRET"] = "hunter2";
    t.after(() => delete process.env["OUTRIGGER_TEST_SECRET"]);
    const body = `
import socket
def tried(what, f):
    try: log(what + " " + str(f()))
    except Exception as e: log(what + " " + type(e).__name__)
tried("user", lambda: os.getuid() != 0 and os.getgroups() == [])
tried("shadow", lambda: open("/etc/shadow").read())
tried("network", lambda: socket.create_connection(("127.0.0.1", ${port}), 2))
tried("docker", lambda: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock"))
tried("environment", lambda: sorted(os.environ))
tried("kill", lambda: os.kill(${process.pid}, 0))
tried("write", lambda: open(os.path.join(os.path.dirname(__file__), "x"), "w"))
tried("home", lambda: open(os.environ["HOME"] + "/x", "w").close())`;
    const { run } = await openPlugin(t, program(body));
    const context = contextOf();
    await run(context);
    assert.deepEqual(context.lines, [
      "info user True",
      "info shadow PermissionError",
      "info network OSError",
      `info docker ${existsSync("/var/run/docker.sock") ? "PermissionError" : "FileNotFoundError"}`,
      "info environment ['HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']",
      "info kill ProcessLookupError",
      "info write PermissionError",
      "info home None",
    ]);
  },
);

test("a module without the privilege local reads its own folder only, has no network and starts nothing", async (t) => {
  const { run } = await openPlugin(t, {
    "helper.json": '{"a":1}',
    "some.ts": `
import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { join } from "node:path";
import { defineClusterPlugin } from "@outrigger/sdk";
export const pluginType = "SOME";
export default defineClusterPlugin({
  async run({ log }) {
    const tried = async (what: string, action: () => unknown) => log.info(what + " " + (await Promise.try(action).then(() => "done", (error) => error.code)));
    await tried("own", () => readFileSync(join(import.meta.dirname, "helper.json")));
    await tried("passwd", () => readFileSync("/etc/passwd"));
    await tried("write", () => writeFileSync(join(import.meta.dirname, "x"), ""));
    await tried("program", () => spawnSync("id"));
    await tried("worker", () => new Worker("1", { eval: true }));
    await tried("network", () => new Promise((yes, no) => connect(22, "127.0.0.1").on("error", no).on("connect", yes)));
  },
});
`,
  });
  const context = contextOf();
  await run(context);
  const refused = ["passwd", "write", "program", "worker", "network"].map((what) => `info ${what} ERR_ACCESS_DENIED`);
  assert.deepEqual(context.lines, ["info own done", ...refused]);
});

test("what a program starts ends with it, also in a session of its own", async (t) => {
  const mark = `600.${process.pid}${Date.now() % 100_000}`;
  const body = `
import subprocess
subprocess.Popen(["sleep", "${mark}"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
log("started")`;
  const { run, types } = await openPlugin(t, program(body));
  await run();
  // Between fork and exec it has not its own command line yet.
  for (let tries = 0; !isRunning(mark) && tries < 50; tries += 1) await new Promise((later) => setTimeout(later, 100));
  assert.equal(isRunning(mark), true);
  await types.close();
  for (let tries = 0; isRunning(mark) && tries < 50; tries += 1) await new Promise((later) => setTimeout(later, 100));
  assert.equal(isRunning(mark), false);
});

test("a plug-in does not outlive its runner, also when that is killed", async (t) => {
  const mark = `601.${process.pid}${Date.now() % 100_000}`;
  const body = `
import subprocess
subprocess.Popen(["sleep", "${mark}"], start_new_session=True)
log("started")
time.sleep(600)`;
  const folder = await folderOf(t, program(body));
  const runner = spawn(process.execPath, [join(import.meta.dirname, "support", "run-and-wait.ts"), folder], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => runner.kill("SIGKILL"));
  await once(runner.stdout, "data");
  assert.equal(isRunning(mark), true);
  const ended = once(runner, "exit");
  runner.kill("SIGKILL");
  await ended;
  for (let tries = 0; (isRunning(mark) || isRunning(folder)) && tries < 50; tries += 1)
    await new Promise((later) => setTimeout(later, 100));
  assert.equal(isRunning(mark), false);
  assert.equal(isRunning(folder), false);
});

function isRunning(mark: string): boolean {
  return readdirSync("/proc").some((id) => /^\d+$/.test(id) && commandOf(id).includes(mark));
}

function commandOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8");
  } catch {
    return ""; // it has ended
  }
}

test("a plug-in that takes more memory than it may have is ended and says so", async (t) => {
  const { run } = await openPlugin(
    t,
    program("x = bytearray(300 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(9)"),
    {},
    128 * 1024 * 1024,
  );
  await assert.rejects(run(), /it used \d+ MiB of memory, more than its 128 MiB/);
});

test("a plug-in that ignores that it was cancelled is ended", async (t) => {
  const { run } = await openPlugin(t, program("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)"));
  const over = new AbortController();
  setTimeout(() => over.abort(), 300);
  await assert.rejects(run({ signal: over.signal }), /the run is cancelled, and it did not end within 5000 ms/);
});

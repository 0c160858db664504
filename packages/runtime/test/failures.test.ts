import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { busyboxImage, client, harness, idsOf, plugin, podOf, shell, sleeps, statusOf, unique, until, untilState } from "./support.ts";

const image = await busyboxImage({ after });

test("a failing init container is tried again, says why, and holds the app back", async (t) => {
  const { runtime, events, key } = await harness(t);
  const web = key("web");
  const mounts = [{ volume: "v", path: "/v", readOnly: false }];
  const script = "touch /v/x; echo the database is away; [ -f /v/y ] || { touch /v/y; exit 3; }";
  const init = (more: string) => shell("setup", image, more, { ...plugin("setup", "init"), mounts });
  const pod = podOf(web, [init("echo the database is away; exit 3"), shell("web", image, sleeps)], {
    volumes: [{ name: "v", ephemeral: true }],
  });
  runtime.want(pod);
  const status = await untilState(runtime, web, "failing");
  assert.equal(status.reason, "setup: exit 3: the database is away");
  assert.equal(status.containers[1]?.state, "waiting");
  assert.ok(events.some(({ reason, message }) => reason === "exited" && message === "setup: exit 3: the database is away"));
  await until("tried again", () => (statusOf(runtime, web)?.containers[0]?.restarts ?? 0) >= 2);
  runtime.want({ ...pod, containers: [init(script), shell("web", image, sleeps)] });
  await untilState(runtime, web, "ready");
});

test("out of memory is told with the limit", async (t) => {
  const { runtime, events, key } = await harness(t);
  const web = key("web");
  const hog = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done";
  runtime.want(podOf(web, [shell("web", image, hog, { resources: { requests: {}, limits: { memory: 16 * 2 ** 20 } } })]));
  await until("out of memory", () => statusOf(runtime, web)?.reason === "web: out of memory (limit 16Mi)");
  assert.ok(events.some(({ reason }) => reason === "out-of-memory"));
  await untilState(runtime, web, "failing");
});

test("a command that does not exist is told, and the sidecar beside it runs", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  runtime.want(
    podOf(web, [shell("web", image, "", { command: ["/no/such/thing"] }), shell("side", image, sleeps, plugin("side", "sidecar"))]),
  );
  const status = await untilState(runtime, web, "failing");
  assert.match(status.reason ?? "", /^web: exec: "\/no\/such\/thing": stat \/no\/such\/thing: no such file or directory$/);
  await until("the sidecar runs", () => statusOf(runtime, web)?.containers[1]?.ready);
});

test("a missing image holds only its own pod", async (t) => {
  const { runtime, events, key } = await harness(t);
  const missing = `localhost:1/${unique("none-")}:1`;
  runtime.want(podOf(key("web"), [shell("web", missing, "")]));
  runtime.want(podOf(key("api"), [shell("api", image, sleeps)]));
  await untilState(runtime, key("api"), "ready");
  const status = await untilState(runtime, key("web"), "waiting");
  assert.match(status.reason ?? "", new RegExp(`The image ${missing} is neither on the engine nor to be had`));
  assert.ok(events.some(({ reason }) => reason === "image-missing"));
  await runtime.remove(key("web"), { volumes: false });
  assert.deepEqual(await idsOf(key("web")), {});
});

test("a taken port is named, leaves nothing half made, and is taken once free", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const ports = [{ port: 8080, protocol: "http" as const, publish: { address: "127.0.0.1", port } }];
  runtime.want(podOf(web, [shell("web", image, "mkdir /www; echo hello >/www/index.html; exec httpd -f -p 8080 -h /www")], { ports }));
  const status = await untilState(runtime, web, "waiting");
  assert.match(status.reason ?? "", new RegExp(`^127.0.0.1:${port} is already in use by`));
  assert.deepEqual(await idsOf(web), {});
  await new Promise((resolve) => server.close(resolve));
  await untilState(runtime, web, "ready");
  const answer = await until("an answer", () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.text(),
      () => undefined,
    ),
  );
  assert.equal(answer, "hello\n");
  const other = key("other");
  runtime.want(podOf(other, [shell("other", image, sleeps)], { ports }));
  const second = await untilState(runtime, other, "waiting");
  assert.equal(second.reason, `127.0.0.1:${port} is already in use by the container outrigger.${web.team}.${web.application}.web.`);
});

test("a secret that can't be had is told by name, and its text is only in the environment", async (t) => {
  let given = false;
  const { runtime, key } = await harness(t, {
    secret: async (_, reference) => {
      if (!given) throw new DOMException(`no text for ${"item" in reference ? reference.item : ""}`, "NotFoundError");
      return "open sesame";
    },
  });
  const web = key("web");
  const secret = { plugin: "p", group: "g", item: "TOKEN", digest: "abc" };
  const env = [{ name: "TOKEN", secret }];
  const pod = podOf(web, [shell("web", image, `echo "[$TOKEN]"; ${sleeps}`, { env })]);
  runtime.want(pod);
  const status = await untilState(runtime, web, "failing");
  assert.equal(status.reason, "web: no text for TOKEN");
  given = true;
  await untilState(runtime, web, "ready");
  await until("the text is there", async () => (await Array.fromAsync(runtime.logs(web, {}))).some(({ text }) => text === "[open sesame]"));
  const ids = await idsOf(web);
  const inspection = await client.call<{ Config: { Labels: object; Cmd: unknown } }>("GET", `/containers/${ids["web"]}/json`);
  assert.doesNotMatch(JSON.stringify([inspection.Config.Labels, inspection.Config.Cmd]), /sesame/);
});

test("liveness restarts with its reason; readiness comes and goes", async (t) => {
  const { runtime, events, key } = await harness(t);
  const web = key("web");
  const times = { initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1 };
  runtime.want(
    podOf(web, [
      shell("web", image, `touch /tmp/alive; ${sleeps}`, {
        liveness: { ...times, initialDelaySeconds: 1, exec: { command: ["cat", "/tmp/alive"] } },
        readiness: { ...times, exec: { command: ["sh", "-c", "echo not yet; [ -f /tmp/ready ]"] } },
      }),
    ]),
  );
  await until("not ready", () => statusOf(runtime, web)?.reason === "web: readiness probe: sh ended with 1: not yet");
  assert.equal(statusOf(runtime, web)?.state, "running");
  const run = async (...Cmd: readonly string[]): Promise<void> => {
    const { web: id } = await idsOf(web);
    const { Id } = await client.call<{ Id: string }>("POST", `/containers/${id}/exec`, { body: { Cmd } });
    await client.call("POST", `/exec/${Id}/start`, { body: { Detach: true } });
  };
  await run("touch", "/tmp/ready");
  await untilState(runtime, web, "ready");
  await run("sh", "-c", "busybox rm /tmp/alive");
  await until("started again", () => statusOf(runtime, web)?.containers[0]?.restarts === 1);
  assert.ok(
    events.some(({ reason, message }) => reason === "probe-failed" && message.startsWith("web: liveness probe failed: cat ended with 1")),
  );
  assert.match(statusOf(runtime, web)?.reason ?? "", /liveness probe failed/);
});

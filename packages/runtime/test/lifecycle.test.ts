import assert from "node:assert/strict";
import { after, test } from "node:test";
import { label, labelFilter } from "../src/docker/pod/names.ts";
import { busyboxImage, client, harness, idsOf, plugin, podOf, shell, sleeps, statusOf, until, untilState } from "./support.ts";

const image = await busyboxImage({ after });

test("a pod starts in order, shares its network and volumes, and goes without a trace", async (t) => {
  const { runtime, owner, key } = await harness(t);
  const web = key("web");
  const shared = [{ volume: "data", path: "/data", readOnly: false }];
  const pod = podOf(
    web,
    [
      shell("first", image, "echo first done; echo first >>/data/order", { ...plugin("first", "init"), mounts: shared }),
      shell("second", image, "echo second >>/data/order", { ...plugin("second", "init"), mounts: shared }),
      shell("proxy", image, "echo proxy >>/data/order; exec httpd -f -p 8081 -h /data", {
        ...plugin("proxy", "network"),
        mounts: shared,
        readiness: { ...probe, httpGet: { port: 8081, path: "/order", scheme: "HTTP" } },
      }),
      shell("web", image, `wget -q -O- http://127.0.0.1:8081/order; echo app >>/data/order; ${sleeps}`, { mounts: shared }),
      shell("tail", image, sleeps, { ...plugin("tail", "sidecar"), mounts: [{ volume: "data", path: "/data", readOnly: true }] }),
    ],
    { volumes: [{ name: "data", ephemeral: true }] },
  );
  runtime.want(pod);
  const status = await untilState(runtime, web, "ready");
  assert.deepEqual(
    status.containers.map(({ name, state, ready }) => [name, state, ready]),
    [
      ["first", "exited", true],
      ["second", "exited", true],
      ["proxy", "running", true],
      ["web", "running", true],
      ["tail", "running", true],
    ],
  );
  await until("all is as wanted", () => statusOf(runtime, web)?.upToDate);
  const lines = await Array.fromAsync(runtime.logs(web, {}));
  assert.deepEqual(
    lines.filter(({ container }) => container !== "tail").map(({ container, text }) => [container, text]),
    [
      ["first", "first done"],
      ["web", "first"],
      ["web", "second"],
      ["web", "proxy"],
      ["web", "up"],
    ],
  );
  assert.deepEqual(await runtime.known(), [web]);
  await runtime.remove(web, { volumes: false });
  assert.deepEqual(await idsOf(web), {});
  assert.deepEqual(await runtime.known(), []);
  const filters = labelFilter({ [label.owner]: owner });
  assert.deepEqual(await client.call("GET", "/networks", { query: { filters } }), []);
  const { Volumes } = await client.call<{ Volumes: readonly object[] | null }>("GET", "/volumes", { query: { filters } });
  assert.deepEqual(Volumes ?? [], []);
});

const probe = { initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

test("a container killed by hand runs again within 2 s, and its reason is told", async (t) => {
  const { runtime, events, key } = await harness(t);
  runtime.want(podOf(key("web"), [shell("web", image, sleeps)]));
  await untilState(runtime, key("web"), "ready");
  const ids = await idsOf(key("web"));
  const killed = Date.now();
  await client.call("POST", `/containers/${ids["web"]}/kill`);
  await until(
    "started again",
    () => statusOf(runtime, key("web"))?.containers[0]?.restarts === 1 && statusOf(runtime, key("web"))?.state === "ready",
    5_000,
  );
  assert.ok(Date.now() - killed < 2_000, `took ${Date.now() - killed} ms`);
  assert.equal(statusOf(runtime, key("web"))?.reason, "web: killed by SIGKILL (exit 137)");
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ["started", "killed", "restarted"],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import { type KubernetesAnswer, type KubernetesRequest, kubernetesClientOver } from "@outrigger/sdk";

function recorded(answers: readonly KubernetesAnswer[]): {
  readonly asked: KubernetesRequest[];
  readonly ask: (request: KubernetesRequest) => Promise<KubernetesAnswer>;
} {
  const asked: KubernetesRequest[] = [];
  const left = [...answers];
  const ask = async (request: KubernetesRequest): Promise<KubernetesAnswer> => {
    asked.push(request);
    return left.shift() ?? { status: 500, body: "asked too often" };
  };
  return { asked, ask };
}

const node = (name: string, ip = "10.0.0.1"): object => ({
  metadata: { name },
  spec: {},
  status: { addresses: [{ type: "InternalIP", address: ip }] },
});
const page = (items: readonly object[], next?: string): KubernetesAnswer => ({
  status: 200,
  body: { items, metadata: next === undefined ? {} : { continue: next } },
});

test("lists come page by page, with the selector in each request", async () => {
  const { asked, ask } = recorded([page([node("a")], "more="), page([node("b")])]);
  const nodes = await kubernetesClientOver(ask).listNodes("disk=ssd,!old");
  assert.deepEqual(
    nodes.map(({ metadata }) => metadata.name),
    ["a", "b"],
  );
  assert.deepEqual(
    asked.map(({ path }) => path),
    [
      "/api/v1/nodes?labelSelector=disk%3Dssd%2C%21old&limit=500",
      "/api/v1/nodes?labelSelector=disk%3Dssd%2C%21old&limit=500&continue=more%3D",
    ],
  );
});

test("a page's token that has expired makes the list be asked for again, whole, and nothing stands in it twice", async () => {
  const { asked, ask } = recorded([page([node("a")], "old"), { status: 410, body: { message: "expired" } }, page([node("a"), node("b")])]);
  const pods = await kubernetesClientOver(ask).list("/api/v1/pods?fieldSelector=status.phase%3DRunning");
  assert.deepEqual(
    pods.map(({ metadata }) => metadata.name),
    ["a", "b"],
  );
  assert.equal(asked.at(-1)?.path, "/api/v1/pods?fieldSelector=status.phase%3DRunning");
});

test("a node is found by its InternalIP, however the address is written", async () => {
  const nodes = page([node("four", "10.0.0.4"), node("six", "fd00:0:0:0::6")]);
  assert.equal((await kubernetesClientOver(recorded([nodes]).ask).nodeOf("fd00::6"))?.metadata.name, "six");
  assert.equal(await kubernetesClientOver(recorded([nodes]).ask).nodeOf("10.0.0.5"), undefined);
});

test("an answer that is no success is an error with the server's words; find takes 404 for nothing", async () => {
  const missing: KubernetesAnswer = { status: 404, body: { kind: "Status", message: 'nodes "x/y" not found' } };
  const { asked, ask } = recorded([missing]);
  await assert.rejects(kubernetesClientOver(ask).getNode("x/y"), (error) => {
    assert.ok(isOutriggerError(error) && error.code === "kubernetes-refused");
    assert.match(error.message, /^GET \/api\/v1\/nodes\/x%2Fy: the cluster's API answered 404: nodes "x\/y" not found$/);
    return true;
  });
  assert.equal(asked.length, 1);
  assert.equal(await kubernetesClientOver(recorded([missing]).ask).find("/api/v1/nodes/x"), undefined);
  await assert.rejects(kubernetesClientOver(recorded([{ status: 200, body: "ok" }]).ask).get("/healthz"), /no JSON object/);
  await assert.rejects(kubernetesClientOver(recorded([{ status: 200, body: {} }]).ask).list("/version"), /no list/);
  await assert.rejects(kubernetesClientOver(recorded([{ status: 403, body: "" }]).ask).remove("/api/v1/nodes/x"), /403: without a message/);
  assert.deepEqual(await kubernetesClientOver(recorded([missing]).ask).request({ method: "GET", path: "/x" }), missing);
});

test("changes are sent as asked", async () => {
  const done: KubernetesAnswer = { status: 200, body: node("a") };
  const { asked, ask } = recorded([done, done, done]);
  const client = kubernetesClientOver(ask);
  await client.patch("/api/v1/nodes/a", "merge", { metadata: { labels: { a: "b" } } });
  await client.create("/api/v1/namespaces", { metadata: { name: "x" } });
  await client.remove("/api/v1/namespaces/x");
  assert.deepEqual(asked, [
    { method: "PATCH", path: "/api/v1/nodes/a", patch: "merge", body: { metadata: { labels: { a: "b" } } } },
    { method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: "x" } } },
    { method: "DELETE", path: "/api/v1/namespaces/x" },
  ]);
});

import assert from "node:assert/strict";
import { after, before, suite, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { applyNodeFacts, builtInTypes, type CalledType, type ClusterKubernetes, type Host, kubernetesOf } from "@outrigger/cluster";
import type { KubernetesNode } from "@outrigger/sdk";
import { type KubernetesApi, kubernetesApi, noKubernetes, tinyApi } from "../../../tests/support/kubernetes-api.ts";
import { contextOf, host, hosts, nodeObject, plugin, thisMachine } from "./support/hosts.ts";

interface Stand {
  readonly api: KubernetesApi;
  readonly kubernetes: ClusterKubernetes;
  readonly hosts: readonly Host[];
  /** The node `node-N`, as it is now. */
  readonly node: (number: number) => Promise<KubernetesNode>;
}

/** An API with nodes `node-1` ... whose addresses are those of {@link hosts}; without nodes again when the test ends. */
async function stand(context: TestContext, api: KubernetesApi, count: number): Promise<Stand> {
  const kubernetes = kubernetesOf(thisMachine(), { kubeconfig: api.kubeconfig });
  context.after(async () => {
    for (const { metadata } of await kubernetes.listNodes()) await kubernetes.remove(`/api/v1/nodes/${metadata.name}`);
    await kubernetes.close();
  });
  const all = hosts(count);
  for (const [index, { ip }] of all.entries()) await kubernetes.create("/api/v1/nodes", nodeObject(`node-${index + 1}`, ip));
  return { api, kubernetes, hosts: all, node: (number) => kubernetes.getNode(`node-${number}`) };
}

function called(type: string): CalledType {
  const found = builtInTypes.get(type);
  return found?.kind === "called" ? found : assert.fail(type);
}

/** Runs a plug-in's work, and gives what it logged. */
async function run(
  { kubernetes, hosts: all }: Stand,
  type: string,
  data: string,
  way: "run" | "undo" = "run",
  id = "run-1",
): Promise<readonly string[]> {
  const { context, lines } = contextOf(kubernetes, all, { run: id });
  await called(type)[way]?.(plugin(type, data), context, "PreGuest");
  return lines.toSorted();
}

const ownLabels = ({ metadata: { labels = {} } }: KubernetesNode): unknown => ({ ...labels });
const ownTaints = ({ spec: { taints = [] } }: KubernetesNode): readonly string[] =>
  taints.map(({ key, value, effect }) => `${key}=${value ?? ""}:${effect}`).filter((text) => !text.startsWith("node.kubernetes.io/"));

/** One API for the tests of a suite. */
function whileSuite(start: typeof kubernetesApi): () => KubernetesApi {
  const ends: (() => unknown)[] = [];
  let api: KubernetesApi | undefined;
  before(async () => {
    api = await start({ after: (end) => void ends.push(end as () => unknown) });
  });
  after(async () => {
    for (const end of ends) await end();
  });
  return () => api ?? assert.fail("before the suite");
}

const apis = [
  { name: "kube-apiserver", start: kubernetesApi, skip: noKubernetes ?? false },
  { name: "the tiny cluster's API", start: tinyApi, skip: false },
];

for (const { name, start, skip } of apis) {
  suite(name, { skip }, () => {
    const api = whileSuite(start);
    test("LABEL puts labels and takes them away, only where they differ", async (context) => {
      const here = await stand(context, api(), 4);
      await here.kubernetes.patch("/api/v1/nodes/node-3", "merge", { metadata: { labels: { old: "1", kept: "yes", disk: "ssd" } } });
      const data = "10.0.0.1-10.0.0.3 disk=ssd\n10.0.0.3 old-\n10.0.0.4 gone-";
      const before = (await here.node(4)).metadata.resourceVersion;
      assert.deepEqual(await run(here, "LABEL", data), [
        "3 nodes changed, 1 was right already",
        "node-1: disk=ssd",
        "node-2: disk=ssd",
        "node-3: old-",
      ]);
      assert.deepEqual(ownLabels(await here.node(1)), { disk: "ssd" });
      assert.deepEqual(ownLabels(await here.node(3)), { kept: "yes", disk: "ssd" });
      assert.equal((await here.node(4)).metadata.resourceVersion, before);
      assert.deepEqual(await run(here, "LABEL", data), ["0 nodes changed, 4 were right already"]);
    });

    test("TAINT puts taints and takes them away, and keeps those of others", async (context) => {
      const here = await stand(context, api(), 2);
      const given = [
        { key: "other", value: "x", effect: "NoSchedule" },
        { key: "gpu", value: "old", effect: "NoSchedule" },
        { key: "gpu", effect: "NoExecute" },
        { key: "all", effect: "NoSchedule" },
        { key: "all", effect: "PreferNoSchedule" },
      ];
      await here.kubernetes.patch("/api/v1/nodes/node-1", "merge", { spec: { taints: given } });
      const data = "10.0.0.1-10.0.0.2 gpu=new:NoSchedule\n10.0.0.1-10.0.0.2 gpu:NoExecute-\n10.0.0.1-10.0.0.2 all-";
      assert.equal((await run(here, "TAINT", data))[0], "2 nodes changed, none was right already");
      assert.deepEqual(ownTaints(await here.node(1)), ["other=x:NoSchedule", "gpu=new:NoSchedule"]);
      assert.deepEqual(ownTaints(await here.node(2)), ["gpu=new:NoSchedule"]);
      assert.deepEqual(await run(here, "TAINT", data), ["0 nodes changed, 2 were right already"]);
    });

    test("TAINT loses no taint that somebody else puts at the same moment", async (context) => {
      const here = await stand(context, api(), 1);
      const put = async (key: string): Promise<void> => void (await run(here, "TAINT", `10.0.0.1 ${key}:NoSchedule`));
      const keys = ["a", "b", "c", "d", "e", "f"];
      await Promise.all(keys.map(put));
      assert.deepEqual(
        ownTaints(await here.node(1)).toSorted(),
        keys.map((key) => `${key}=:NoSchedule`),
      );
    });

    test("a host without a node is an error, and nothing is changed", async (context) => {
      const here = await stand(context, api(), 3);
      for (const number of [2, 3]) await here.kubernetes.remove(`/api/v1/nodes/node-${number}`);
      await assert.rejects(run(here, "LABEL", "10.0.0.1-10.0.0.3 a=1"), {
        code: "nodes-missing",
        message: /no node for 10\.0\.0\.2, 10\.0\.0\.3/,
      });
      assert.deepEqual(ownLabels(await here.node(1)), {});
      await here.kubernetes.create("/api/v1/nodes", nodeObject("twin", "10.0.0.1"));
      await assert.rejects(run(here, "LABEL", "10.0.0.1 a=1"), { code: "node-ambiguous", message: /10\.0\.0\.1: node-1 and twin/ });
    });

    test("undo gives back what was there before this run, and leaves what somebody has changed since", async (context) => {
      const here = await stand(context, api(), 3);
      const before = { labels: { disk: "hdd", gone: "1" } };
      await here.kubernetes.patch("/api/v1/nodes/node-1", "merge", {
        metadata: before,
        spec: { taints: [{ key: "k", value: "old", effect: "NoSchedule" }] },
      });
      const [labels, taints] = [
        "10.0.0.1-10.0.0.3 disk=ssd,gone-,new=1",
        "10.0.0.1-10.0.0.3 k=new:NoSchedule\n10.0.0.1-10.0.0.3 l:NoExecute",
      ];
      await run(here, "LABEL", labels);
      await run(here, "TAINT", taints);
      // A resumed run does its work again; what was there before stays known.
      await run(here, "LABEL", labels);
      await here.kubernetes.patch("/api/v1/nodes/node-2", "merge", { metadata: { labels: { disk: "nvme" } } });
      await here.kubernetes.remove("/api/v1/nodes/node-3");
      assert.deepEqual(await run(here, "LABEL", labels, "undo", "another run"), ["0 nodes put back"]);
      assert.equal((await run(here, "TAINT", taints, "undo"))[0], "2 nodes put back");
      assert.equal((await run(here, "LABEL", labels, "undo"))[0], "2 nodes put back");
      const [one, two] = [await here.node(1), await here.node(2)];
      assert.deepEqual([ownLabels(one), ownTaints(one)], [before.labels, ["k=old:NoSchedule"]]);
      assert.deepEqual([ownLabels(two), ownTaints(two)], [{ disk: "nvme" }, []]);
      assert.deepEqual(
        Object.keys(one.metadata.annotations ?? {}).filter((key) => key.includes("outrigger")),
        [],
      );
      assert.deepEqual(await run(here, "LABEL", labels, "undo"), ["0 nodes put back"]);
    });

    test("labels and taints of the Clusterfile, and roles, come to the nodes", async (context) => {
      const here = await stand(context, api(), 2);
      const facts = [
        host("10.0.0.1", { roles: ["master"], labels: { zone: "a" } }),
        host("10.0.0.2", { roles: ["node", "gpu"], taints: [{ key: "gpu", value: "", effect: "NoSchedule" }] }),
      ];
      assert.deepEqual((await applyNodeFacts(here.kubernetes, facts)).toSorted(), ["node-1", "node-2"]);
      assert.deepEqual(ownLabels(await here.node(1)), { "node-role.kubernetes.io/master": "", zone: "a" });
      assert.deepEqual(ownLabels(await here.node(2)), { "node-role.kubernetes.io/node": "", "node-role.kubernetes.io/gpu": "" });
      assert.deepEqual(ownTaints(await here.node(2)), ["gpu=:NoSchedule"]);
      assert.deepEqual(await applyNodeFacts(here.kubernetes, facts), []);
      await assert.rejects(applyNodeFacts(here.kubernetes, [host("10.0.0.1", { labels: { bad: "no value!" } })]), {
        code: "node-change-refused",
        message: /node-1 .*422: .*no value!/,
      });
    });

    test("what a host had by the Clusterfile and has no more is taken from its node, and nothing else", async (context) => {
      const here = await stand(context, api(), 1);
      const taint = (key: string, value: string) => ({ key, value, effect: "NoSchedule" }) as const;
      const before = [
        host("10.0.0.1", { roles: ["node", "gpu"], labels: { zone: "a", disk: "ssd" }, taints: [taint("gpu", "yes"), taint("old", "")] }),
      ];
      const after = [host("10.0.0.1", { roles: ["node"], labels: { disk: "nvme" }, taints: [taint("gpu", "no")] })];
      await applyNodeFacts(here.kubernetes, before);
      await here.kubernetes.patch("/api/v1/nodes/node-1", "merge", { metadata: { labels: { theirs: "stays" } } });
      assert.deepEqual(await applyNodeFacts(here.kubernetes, after, { before }), ["node-1"]);
      assert.deepEqual(ownLabels(await here.node(1)), { "node-role.kubernetes.io/node": "", disk: "nvme", theirs: "stays" });
      assert.deepEqual(ownTaints(await here.node(1)), ["gpu=no:NoSchedule"]);
      assert.deepEqual(await applyNodeFacts(here.kubernetes, after, { before }), []);
    });
  });
}

suite("CLUSTERCHECK", () => {
  const api = whileSuite(tinyApi);

  test("waits until the last host is a node, says for whom, and asks again soon", async (context) => {
    const here = await stand(context, api(), 2);
    const { context: call, lines } = contextOf(here.kubernetes, hosts(3));
    const began = Date.now();
    setTimeout(() => void here.kubernetes.create("/api/v1/nodes", nodeObject("node-3", "10.0.0.3")), 700);
    await called("CLUSTERCHECK").run(plugin("CLUSTERCHECK", undefined), call, "PreGuest");
    assert.deepEqual(lines, ["waiting: 10.0.0.3 is no node", "the cluster is ready"]);
    assert.ok(Date.now() - began >= 650, "it has waited");
  });

  test("says what is missing when its time is over, also when that is the API", async (context) => {
    const here = await stand(context, api(), 1);
    const check = called("CLUSTERCHECK");
    const soon = (): number => Date.now() + 1_200;
    const missing = contextOf(here.kubernetes, hosts(2), { deadline: soon() }).context;
    await assert.rejects(check.run(plugin("CLUSTERCHECK", { namespaces: ["kube-system", "ingress"] }), missing, "PreGuest"), {
      code: "cluster-not-ready",
      message: "The cluster is not ready: 10.0.0.2 is no node; ingress has no pods.",
    });
    await check.run(plugin("CLUSTERCHECK", undefined), contextOf(here.kubernetes, hosts(2)).context, "PreJoin");
    const gone = kubernetesOf(thisMachine({ openStream: async () => assert.fail("refused") }), { kubeconfig: here.api.kubeconfig });
    await assert.rejects(
      check.run(plugin("CLUSTERCHECK", undefined), contextOf(gone, hosts(1), { deadline: soon() }).context, "PreGuest"),
      {
        code: "cluster-not-ready",
        message: /its API gives no answer/,
      },
    );
  });

  test("ends when the run is cancelled", async (context) => {
    const here = await stand(context, api(), 1);
    const abort = new AbortController();
    const { context: call } = contextOf(here.kubernetes, hosts(2), { signal: abort.signal });
    const checking = called("CLUSTERCHECK").run(plugin("CLUSTERCHECK", undefined), call, "PreGuest");
    await sleep(300);
    abort.abort();
    await assert.rejects(checking, { name: "AbortError" });
  });
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { status } from "@grpc/grpc-js";
import { engineErrors, startCriProxy } from "@outrigger/engine";
import { pluginFolder } from "./plugin-folder.ts";
import { type CriClient, type CriVersion, criClient, type Message } from "./support/cri-client.ts";
import { ownContainerd, tinyImage } from "./support/own-containerd.ts";
import { pluginSource } from "./support/plugin-source.ts";

const node = 2;

function sandboxConfig(name: string): Message {
  const namespaces = { namespace_options: { network: node, pid: 1, ipc: 0 } };
  return { metadata: { name, uid: name, namespace: "default", attempt: 0 }, linux: { security_context: namespaces } };
}

function containerConfig(name: string): Message {
  return {
    metadata: { name, attempt: 0 },
    image: { image: tinyImage },
    command: ["/bin/busybox", "sleep", "600"],
    envs: [{ key: "COLOUR", value: Buffer.from("blue") }],
    labels: { given: "yes" },
    linux: { resources: { memory_limit_in_bytes: 64 * 1024 * 1024, oom_score_adj: 500 } },
  };
}

const source = pluginSource(({ config, sandboxConfig: sandbox }) => {
  const { name } = config["metadata"] as { name: string };
  if (name === "forbidden") throw engineErrors["plugin-refused"]({ plugin: "guard", reason: "nöt here, 100%", hint: "" });
  if (name === "broken") throw engineErrors["plugin-failed"]({ plugin: "guard", hook: "cri.preCreateContainer", reason: "it crashed" });
  if (name === "plain") return undefined;
  if (name === "nonsense") return { config: { ...config, tty: "perhaps" }, sandboxConfig: sandbox };
  const envs = config["envs"] as readonly unknown[];
  const changed = {
    ...config,
    envs: [...envs, { key: "ADDED", value: "by a plug-in" }],
    labels: { ...(config["labels"] as object), added: "1" },
  };
  return { config: changed, sandboxConfig: sandbox };
});

async function proxied(context: TestContext): Promise<{ readonly direct: string; readonly socket: string }> {
  const direct = await ownContainerd(context);
  const socket = join(dirname(direct), "proxy.sock");
  const proxy = await startCriProxy({ listen: `unix://${socket}`, upstream: direct, plugins: source });
  context.after(() => proxy.close());
  return { direct, socket };
}

test("containers made through the proxy have what a plug-in added, in both versions of the protocol; all else is as without it", {
  timeout: 120_000,
}, async (context) => {
  const { direct, socket } = await proxied(context);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  for (const version of ["v1", "v1alpha2"] satisfies CriVersion[]) {
    const [through, straight] = [criClient(context, socket, version), criClient(context, direct, version)];
    assert.deepEqual(await through.call("Version", {}), await straight.call("Version", {}));
    const config = sandboxConfig(`pod-${version}`);
    const { pod_sandbox_id } = await through.call("RunPodSandbox", { config });
    try {
      const create = async (name: string): Promise<unknown> => {
        const request = { pod_sandbox_id, config: containerConfig(name), sandbox_config: config };
        return (await through.call("CreateContainer", request))["container_id"];
      };
      const container_id = await create("web");
      await through.call("StartContainer", { container_id });
      const { status: seen } = await straight.call("ContainerStatus", { container_id });
      assert.deepEqual((seen as Message)["labels"], { given: "yes", added: "1" });
      const { stdout } = await through.call("ExecSync", { container_id, cmd: ["/bin/busybox", "env"] });
      assert.match(String(stdout), /^COLOUR=blue\nADDED=by a plug-in$/m);
      const plain = await create("plain");
      // The runtime lists them in any order.
      const list = async ({ call }: CriClient): Promise<readonly Message[]> =>
        ((await call("ListContainers", {})) as { containers: Message[] }).containers.toSorted((one, other) =>
          String(one["id"]) < String(other["id"]) ? -1 : 1,
        );
      const containers = await list(through);
      assert.deepEqual(containers.find(({ id }) => id === plain)?.["labels"], { given: "yes" });
      assert.deepEqual(containers, await list(straight));

      await assert.rejects(create("forbidden"), { code: status.PERMISSION_DENIED, details: "guard: nöt here, 100%" });
      await assert.rejects(create("broken"), { code: status.UNAVAILABLE, details: /guard failed at cri.preCreateContainer/ });
      await assert.rejects(create("nonsense"), {
        code: status.UNAVAILABLE,
        details: /test failed .*config.tty is "perhaps": expected true or false/,
      });
      const missing = { container_id: "nobody" };
      const [one, other] = await Promise.all(
        [through, straight].map((client) => client.call("StartContainer", missing).catch((error: unknown) => error)),
      );
      assert.deepEqual(one, other, "errors of the runtime are the runtime's");

      for (const id of [container_id, plain]) await through.call("RemoveContainer", { container_id: id });
    } finally {
      await through.call("StopPodSandbox", { pod_sandbox_id });
      await through.call("RemovePodSandbox", { pod_sandbox_id });
    }
    assert.deepEqual(await straight.call("ListContainers", {}), {});
  }
  assert.equal(source.leases(), 0);
});

test("a plug-in in its own process sees and changes what it may, and the container has all the rest", {
  timeout: 120_000,
}, async (context) => {
  const direct = await ownContainerd(context);
  const folder = pluginFolder(context);
  const fields = ["config.envs", "config.labels"];
  folder.plugin(
    "labels",
    { hooks: ["cri.preCreateContainer"], privileges: { see: fields, change: fields } },
    `export default {
      name: "labels",
      hooks: { "cri.preCreateContainer": ({ config, sandboxConfig }) => ({
        config: { ...config, envs: [...config.envs, { key: "SEEN", value: Object.keys(config).sort().join() }], labels: { ...config.labels, added: "1" } },
        sandboxConfig,
      }) },
    };`,
  );
  folder.settings({ plugin: "labels", grants: "all" });
  const socket = join(dirname(direct), "proxy.sock");
  const proxy = await startCriProxy({ listen: socket, upstream: direct, plugins: await folder.open() });
  context.after(() => proxy.close());
  const client = criClient(context, socket);
  const config = sandboxConfig("pod");
  const { pod_sandbox_id } = await client.call("RunPodSandbox", { config });
  try {
    const large = { ...containerConfig("web"), linux: { resources: { memory_limit_in_bytes: "9007199254740993", oom_score_adj: 500 } } };
    const { container_id } = await client.call("CreateContainer", { pod_sandbox_id, config: large, sandbox_config: config });
    const { status: seen } = await client.call("ContainerStatus", { container_id });
    assert.deepEqual((seen as Message)["labels"], { given: "yes", added: "1" });
    const spec = execFileSync("ctr", ["-a", direct, "-n", "k8s.io", "containers", "info", "--spec", String(container_id)], {
      encoding: "utf8",
    });
    assert.match(spec, /"SEEN=envs,labels"/);
    assert.match(spec, /"COLOUR=blue"/);
    assert.match(spec, /"limit": 9007199254740993\b/);
  } finally {
    await client.call("StopPodSandbox", { pod_sandbox_id });
    await client.call("RemovePodSandbox", { pod_sandbox_id });
  }
});

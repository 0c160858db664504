import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { busyboxImage, client, harness, idsOf, plugin, podOf, shell, sleeps, untilState } from "./support.ts";

const image = await busyboxImage({ after });

interface Inspection {
  readonly State: { readonly Pid: number };
  readonly HostConfig: { readonly NanoCpus: number; readonly Privileged: boolean };
}

/** Reads a control file of a process's own cgroup: by its version 1 controller, or by its version 2 name. */
async function cgroup(pid: number, controller: string, one: string, two: string): Promise<string> {
  const own = (await readFile(`/proc/${pid}/cgroup`, "utf8")).trim().split("\n");
  const line = own.find((each) => each.split(":")[1]?.split(",").includes(controller));
  const path =
    line === undefined ? `/sys/fs/cgroup${own[0]?.split(":")[2]}/${two}` : `/sys/fs/cgroup/${controller}${line.split(":")[2]}/${one}`;
  return (await readFile(path, "utf8")).trim();
}

test("memory and CPU limits reach the kernel", async (t) => {
  const { runtime, key } = await harness(t);
  const resources = { requests: { memory: 8 * 2 ** 20, cpu: 250 }, limits: { memory: 32 * 2 ** 20, cpu: 500 } };
  runtime.want(podOf(key("web"), [shell("web", image, sleeps, { resources })]));
  await untilState(runtime, key("web"), "ready");
  const { web } = await idsOf(key("web"));
  const { State, HostConfig } = await client.call<Inspection>("GET", `/containers/${web}/json`);
  assert.equal(await cgroup(State.Pid, "memory", "memory.limit_in_bytes", "memory.max"), String(32 * 2 ** 20));
  assert.equal(await cgroup(State.Pid, "memory", "memory.soft_limit_in_bytes", "memory.low"), String(8 * 2 ** 20));
  const quota = (await cgroup(State.Pid, "cpu", "cpu.cfs_quota_us", "cpu.max")).split(" ")[0];
  assert.equal(quota, "50000");
  assert.equal(HostConfig.NanoCpus, 500_000_000);
});

/** A process's capabilities in force, as a bit set, and whether it may gain more. */
async function privilegesOf(
  key: Parameters<typeof idsOf>[0],
  name: string,
): Promise<{ readonly capabilities: bigint; readonly noNew: boolean }> {
  const id = (await idsOf(key))[name];
  const { State } = await client.call<Inspection>("GET", `/containers/${id}/json`);
  const status = await readFile(`/proc/${State.Pid}/status`, "utf8");
  return { capabilities: BigInt(`0x${/CapEff:\s*(\w+)/.exec(status)?.[1]}`), noNew: /NoNewPrivs:\s*1/.test(status) };
}

test("a plug-in has the plain capabilities and what it asks for; the app has the engine's", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  runtime.want(
    podOf(web, [
      shell("web", image, sleeps),
      shell("plain", image, sleeps, plugin("plain", "sidecar")),
      shell(
        "admin",
        image,
        sleeps,
        plugin("admin", "sidecar", { securityContext: { capabilities: { add: ["NET_ADMIN"], drop: ["KILL"] } } }),
      ),
      shell("user", image, `id -u; ${sleeps}`, plugin("user", "sidecar", { securityContext: { runAsUser: 1234 } })),
    ]),
  );
  await untilState(runtime, web, "ready");
  const bits = (...numbers: readonly number[]): bigint => numbers.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
  // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10, NET_ADMIN 12
  assert.deepEqual(await privilegesOf(web, "plain"), { capabilities: bits(0, 1, 3, 4, 5, 6, 7, 10), noNew: true });
  assert.deepEqual(await privilegesOf(web, "admin"), { capabilities: bits(0, 1, 3, 4, 6, 7, 10, 12), noNew: true });
  assert.equal((await privilegesOf(web, "web")).noNew, false);
  const lines = await Array.fromAsync(runtime.logs(web, { containers: ["user"] }));
  assert.equal(lines[0]?.text, "1234");
});

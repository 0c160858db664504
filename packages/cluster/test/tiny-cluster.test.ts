import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { request as ask } from "node:https";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parse } from "yaml";
import { type SshHost, sshHosts } from "../../../tests/support/ssh-hosts.ts";
import { firstMaster, type HostScript, makePlan, type Operation, type PlanInput, rootfsFolder } from "../src/index.ts";
import { cluster, host, image, input } from "./plan-support.ts";

const example = join(import.meta.dirname, "../../../examples/tiny-cluster");
const rootfs = rootfsFolder("blue");

test("every script of the examples is bash", () => {
  for (const name of ["tiny-cluster", "k3s-cluster", "kubeadm-cluster"]) {
    const folder = join(example, "..", name, "scripts");
    for (const script of readdirSync(folder)) execFileSync("bash", ["-n", join(folder, script)]);
  }
});

interface Tiny {
  readonly hosts: readonly SshHost[];
  readonly at: (ip: string) => SshHost;
  /** Carries out the steps of an operation, in order; ready.sh until it ends with 0. */
  readonly carryOut: (operation: Operation, fields?: Partial<Omit<PlanInput, "operation">>) => Promise<readonly string[]>;
  readonly get: (path: string) => Promise<Answer>;
  readonly send: (method: string, path: string, body: unknown, type?: string) => Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly [field: string]: unknown; readonly items?: readonly NodeBody[]; readonly message?: string };
}

interface NodeBody {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: {
    readonly conditions: readonly { readonly status: string }[];
    readonly nodeInfo: { readonly kubeletVersion: string };
    readonly addresses: readonly { readonly address: string }[];
  };
}

async function tinyHosts(context: TestContext, count: number): Promise<Tiny> {
  const { hosts } = await sshHosts(context, count);
  const at = (ip: string): SshHost => {
    const found = hosts.find((each) => each.ip === ip);
    assert.ok(found, ip);
    return found;
  };
  const secrets: Record<string, string> = {};
  const run = async (ip: string, script: HostScript): Promise<{ code: number; text: string }> => {
    const variables = Object.entries({ ...script.env, ...secrets, OUTRIGGER_OUTPUT: "/run/output" });
    const exports = variables.map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`).join("\n");
    const folder = script.workingDirectory === undefined ? "" : `cd ${script.workingDirectory}\n`;
    const { code, stdout, stderr } = await at(ip).exec(`: > /run/output\n${exports}\n${folder}set -euo pipefail\n${script.text}`);
    for (const line of at(ip).read("/run/output")?.split("\n").filter(Boolean) ?? []) {
      secrets[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
    return { code: code ?? -1, text: stdout + stderr };
  };
  const carryOut: Tiny["carryOut"] = async (operation, fields = {}) => {
    const said: string[] = [];
    const done = makePlan(input(operation, fields));
    for (const stage of done.stages) {
      if ("phase" in stage) continue;
      for (const task of stage.entries.flatMap(({ tasks }) => tasks)) {
        if (stage.step === "distribute") await files(at(task.host), fields.image?.reference === "tiny:2" ? "v2" : "v1");
        if (stage.step === "remove") await at(task.host).exec(`rm -rf ${rootfs}`);
        if (task.script === undefined) continue;
        let outcome = await run(task.host, task.script);
        for (let tries = 0; stage.step === "ready" && outcome.code !== 0 && tries < 40; tries += 1)
          outcome = await run(task.host, task.script);
        assert.equal(outcome.code, 0, `${task.id}: ${outcome.text}`);
        said.push(`${task.id}: ${outcome.text.trim()}`);
      }
    }
    return said;
  };
  const send: Tiny["send"] = (method, path, body, type = "application/merge-patch+json") =>
    askApi(secrets["KUBECONFIG"], hosts[0], method, path, body, type);
  return { hosts, at, carryOut, send, get: (path) => send("GET", path, undefined) };
}

async function files(there: SshHost, version: string): Promise<void> {
  // By tar, since a host has a /tmp of its own, and the checkout may lie in this machine's.
  const packed = ["-C", example, "-c", "bin", "scripts", "apps", "-C", join(example, "versions", version), "version"];
  there.write("/root/files.tar", execFileSync("tar", packed));
  const script = `rm -rf ${rootfs}; mkdir -p ${rootfs}/etc && cd ${rootfs} && tar -xf /root/files.tar && mv version etc`;
  const { code, stderr } = await there.exec(script);
  assert.equal(code, 0, stderr);
}

async function askApi(
  kubeconfig: string | undefined,
  master0: SshHost | undefined,
  method: string,
  path: string,
  body: unknown,
  type: string,
): Promise<Answer> {
  const text = master0?.read(kubeconfig ?? "");
  assert.ok(text, "there is a kubeconfig where create.sh said");
  const { clusters, users } = parse(text);
  const decoded = (data: string): Buffer => Buffer.from(data, "base64");
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = {
    method,
    ca: decoded(clusters[0].cluster["certificate-authority-data"]),
    cert: decoded(users[0].user["client-certificate-data"]),
    key: decoded(users[0].user["client-key-data"]),
    headers: { "content-type": type },
    agent: false as const,
  };
  const asking = ask(new URL(path, clusters[0].cluster.server), options, async (answer) => {
    const content = Buffer.concat(await answer.toArray()).toString();
    resolve({
      status: answer.statusCode ?? 0,
      body: answer.headers["content-type"] === "application/json" ? JSON.parse(content) : { content },
    });
  });
  asking.once("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

const named = ({ body }: Answer): readonly string[] => body.items?.map(({ metadata }) => metadata.name) ?? [];

test("a tiny cluster is created, grows, shrinks, is upgraded, rolled back and deleted by its scripts", {
  timeout: 120_000,
}, async (context) => {
  const tiny = await tinyHosts(context, 3);
  const [one, two, three] = tiny.hosts.map(({ ip }, index) => host(ip, index < 2 ? "master" : "node"));
  assert.ok(one && two && three && firstMaster([one, two, three]) === one);
  const facts = image({ commands: ["bash apps/welcome.sh"] });
  const some = cluster({ hosts: [one, two] });
  await tiny.carryOut("create", { cluster: some, image: facts });
  assert.equal((await tiny.get("/readyz")).status, 200);
  assert.deepEqual(
    named(await tiny.get("/api/v1/nodes")),
    tiny.hosts
      .slice(0, 2)
      .map(({ hostname }) => hostname)
      .toSorted(),
  );
  assert.deepEqual(named(await tiny.get("/api/v1/namespaces/default/configmaps")), ["welcome"]);

  const all = cluster({ hosts: [one, two, three] });
  const joined = await tiny.carryOut("join", { cluster: all, image: facts, touched: [three.ip] });
  assert.ok(joined.every((line) => !line.includes("TINY_TOKEN")));
  const nodes = await tiny.get("/api/v1/nodes?labelSelector=!node-role.kubernetes.io%2Fmaster");
  assert.deepEqual(
    nodes.body.items?.map(({ status }) => status.addresses[0]?.address),
    [three.ip],
  );

  const versions = async (): Promise<readonly (string | undefined)[]> =>
    (await tiny.get("/api/v1/nodes")).body.items?.map(({ status }) => status.nodeInfo.kubeletVersion) ?? [];
  const newer = image({ reference: "tiny:2", digest: `sha256:${"2".repeat(64)}` });
  await tiny.carryOut("upgrade", { cluster: { ...all, image: "tiny:2" }, image: newer, imageBefore: "tiny:1" });
  while ((await versions()).some((version) => version !== "v2.0.0")) await new Promise((later) => setTimeout(later, 100));
  assert.equal((await tiny.get("/version")).body["gitVersion"], "v1.20.0-tiny.v2.0.0");
  await tiny.carryOut("rollback", { cluster: all, image: facts, imageBefore: "tiny:2" });
  assert.equal((await tiny.get("/version")).body["gitVersion"], "v1.20.0-tiny.v1.0.0");
  assert.deepEqual(named(await tiny.get("/api/v1/namespaces/default/configmaps")), ["welcome"], "objects outlive the API's program");

  await tiny.carryOut("scale-down", { cluster: all, image: facts, touched: [three.ip] });
  assert.equal((await tiny.get("/api/v1/nodes")).body.items?.length, 2);
  assert.equal((await tiny.at(three.ip).exec("pgrep -f '[t]iny-node'; ls /etc/tiny-cluster")).stdout, "");

  await tiny.carryOut("delete", { cluster: some, image: facts });
  for (const { ip } of [one, two]) {
    const { stdout } = await tiny
      .at(ip)
      .exec(`pgrep -f 'bin/[t]iny-'; ls -d /etc/tiny-cluster /var/lib/tiny-cluster ${rootfs} 2>/dev/null`);
    assert.equal(stdout, "");
  }
});

test("the tiny cluster's API answers what plug-ins ask, and refuses what a real one refuses", { timeout: 60_000 }, async (context) => {
  const tiny = await tinyHosts(context, 1);
  const [one] = tiny.hosts;
  assert.ok(one);
  await tiny.carryOut("create", { cluster: cluster({ hosts: [host(one.ip, "master")] }), image: image({ commands: [] }) });
  for (const [name, disk] of Object.entries({ a: "ssd", b: "ssd", c: "hdd" })) {
    assert.equal(
      (await tiny.send("POST", "/api/v1/nodes", { metadata: { name, labels: { disk } }, spec: {}, status: { addresses: [] } })).status,
      201,
    );
  }
  assert.equal((await tiny.send("POST", "/api/v1/nodes", { metadata: { name: "a" } })).status, 409);

  const chosen = async (selector: string): Promise<readonly string[]> =>
    named(await tiny.get(`/api/v1/nodes?labelSelector=${encodeURIComponent(selector)}`));
  assert.deepEqual(await chosen("disk=ssd"), ["a", "b"]);
  assert.deepEqual(await chosen("disk in (hdd, tape)"), ["c"]);
  assert.deepEqual(await chosen("disk,disk!=ssd"), ["c"]);
  assert.deepEqual(await chosen("!disk"), [one.hostname]);
  assert.equal((await tiny.get("/api/v1/nodes?labelSelector=a%20b")).status, 400);

  const first = await tiny.get("/api/v1/nodes?limit=3");
  const { continue: next } = first.body["metadata"] as { readonly continue: string };
  assert.deepEqual(
    [...named(first), ...named(await tiny.get(`/api/v1/nodes?limit=3&continue=${next}`))],
    ["a", "b", "c", one.hostname].toSorted(),
  );

  const labelled = await tiny.send("PATCH", "/api/v1/nodes/a", { metadata: { labels: { disk: null, size: "1" } } });
  const { metadata } = labelled.body as unknown as NodeBody;
  assert.deepEqual(metadata.labels, { size: "1" });
  const stale = { metadata: { resourceVersion: "1", labels: { size: "2" } } };
  assert.equal((await tiny.send("PATCH", "/api/v1/nodes/a", stale)).status, 409);
  assert.equal((await tiny.send("PATCH", "/api/v1/nodes/a", { metadata: { labels: { "no good": "1" } } })).status, 422);
  const taints = [{ key: "gpu", effect: "NoSchedule" }];
  const strategic = await tiny.send("PATCH", "/api/v1/nodes/a", { spec: { taints } }, "application/strategic-merge-patch+json");
  assert.deepEqual((strategic.body["spec"] as NodeBody["spec"])["taints"], taints);
  const json = [
    { op: "test", path: "/spec/taints/0/key", value: "gpu" },
    { op: "remove", path: "/spec/taints/0" },
  ];
  const patched = await tiny.send("PATCH", "/api/v1/nodes/a", json, "application/json-patch+json");
  assert.deepEqual((patched.body["spec"] as NodeBody["spec"])["taints"], []);
  assert.equal((await tiny.send("PATCH", "/api/v1/nodes/a", json, "application/json-patch+json")).status, 422);
  assert.equal((await tiny.send("PATCH", "/api/v1/nodes/a", {}, "application/apply-patch+yaml")).status, 415);

  assert.deepEqual(named(await tiny.get("/api/v1/namespaces/kube-system/pods")).includes(`tiny-node-${one.hostname}`), true);
  assert.equal((await tiny.send("DELETE", "/api/v1/nodes/a", undefined)).status, 200);
  assert.equal((await tiny.get("/api/v1/nodes/a")).status, 404);
  const { stdout } = await one.exec(`curl -sk https://${one.ip}:6443/api/v1/nodes`);
  assert.match(stdout, /"code": 401/);
  const node = await one.exec(
    `curl -sk -H "Authorization: Bearer $(sed -n 's/.*"token": "\\([0-9a-f]*\\)".*/\\1/p' /etc/tiny-cluster/node.json)" https://${one.ip}:6443/api/v1/nodes/c`,
  );
  assert.match(node.stdout, /"code": 403/);
});

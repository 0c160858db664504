import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { connectHosts, kubernetesOf } from "@outrigger/cluster";
import { tinyApi } from "../../../tests/support/kubernetes-api.ts";
import { sshHosts } from "../../../tests/support/ssh-hosts.ts";
import { nodeObject } from "./support/hosts.ts";

test("the API is found and asked through a host's sshd, by root and by a user with sudo", async (context) => {
  const { hosts, knownHosts, sudoer, keyFile } = await sshHosts(context, 1);
  const [host] = hosts;
  assert.ok(host);
  // Reached from the host only: its way to this machine.
  const api = await tinyApi(context, host.ip.replace(/\.\d+$/, ".1"));
  for (const user of ["root", sudoer]) {
    const model = host.model({ ssh: { user, port: 22, key: { path: keyFile } } });
    const readSecret = async (): Promise<string> => assert.fail("no secret is asked for");
    const connections = connectHosts([model], {
      knownHosts,
      strict: true,
      userKnownHosts: false,
      agent: false,
      readSecret,
      onTrust: () => assert.fail(),
    });
    const connection = await connections.get(host.ip);
    const kubernetes = kubernetesOf(connection);
    try {
      if (user === "root")
        await assert.rejects(kubernetes.listNodes(), {
          code: "kubeconfig-missing",
          message: /looked for \/etc\/kubernetes\/admin\.conf and /,
        });
      await connection.exec({ text: "mkdir -p /etc/kubernetes", env: {}, strict: true, skipWithoutDirectory: false }, { timeout: 10_000 });
      await connection.writeFile("/etc/kubernetes/admin.conf", readFileSync(api.kubeconfig), 0o600);
      const names = Array.from({ length: 40 }, (_, index) => `${user}-${index}`);
      await Promise.all(names.map((name, index) => kubernetes.create("/api/v1/nodes", nodeObject(name, `10.1.1.${index + 1}`))));
      const all = (await kubernetes.listNodes()).map(({ metadata }) => metadata.name);
      assert.deepEqual(all.filter((name) => name.startsWith(user)).toSorted(), names.toSorted());
    } finally {
      await kubernetes.close();
      await connections.close();
    }
  }
});

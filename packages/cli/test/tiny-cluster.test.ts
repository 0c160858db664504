import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shellBlocks } from "../../../tests/support/page.ts";
import { sshHosts } from "../../../tests/support/ssh-hosts.ts";
import { checkout, folderWith } from "./run-outrigger.ts";

test("the tiny cluster's README works as it stands", { timeout: 300_000 }, async (context) => {
  const { hosts, keyFile } = await sshHosts(context, 4);
  const [one, two, three, four] = hosts;
  assert.ok(one && two && three && four);
  using home = folderWith();
  mkdirSync(join(home.path, ".ssh"), { mode: 0o700 });
  copyFileSync(keyFile, join(home.path, ".ssh/id_ed25519"));
  const script = shellBlocks("examples/tiny-cluster/README.md").join("\n");
  const child = spawn("bash", ["-euxc", script], {
    cwd: checkout,
    env: {
      PATH: `${checkout}:${process.env["PATH"]}`,
      HOME: home.path,
      MASTERS: `${one.ip},${two.ip}`,
      NODES: three.ip,
      MORE: four.ip,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => parts.push(part));
  const [code] = (await once(child, "close")) as [number];
  const text = parts.join("");
  assert.equal(code, 0, text);
  for (const { hostname } of [one, two, three]) assert.match(text, new RegExp(`list_nodes.* \\| ${hostname}$`, "m"));
  assert.match(text, /What differs:\n {2}image: tiny:1 -> tiny:2\n\nupgrade tiny with tiny:2 /);
  for (const { exec, ip } of hosts) {
    const { stdout } = await exec(
      "ls -d /etc/tiny-cluster /var/lib/tiny-cluster /var/lib/outrigger/clusters/* 2>/dev/null; pgrep -f 'bin/[t]iny-'",
    );
    assert.equal(stdout, "", ip);
  }
});

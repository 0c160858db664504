import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { copyContent, describePackage, openLayout, openLayoutArchive, openRepository, saveArchive } from "@outrigger/registry";
import { startRegistry } from "../../../tests/support/registry.ts";
import { execute } from "../../../tests/support/sandbox.ts";

test("a driver that docker pushed stays one on its way through a layout, a tar and another repository, and docker installs it from there", {
  timeout: 180_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-docker-plugin-"));
  const name = `client-${randomBytes(3).toString("hex")}`;
  const { host } = await startRegistry(context);
  const docker = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await execute("docker", words, folder, { DOCKER_CONFIG: folder });
    assert.equal(code, 0, `docker ${words.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  };
  const [made, copied] = [`${host}/tools/${name}:1.0`, `${host}/mirror/${name}:2.0`];
  context.after(async () => {
    for (const each of [made, copied]) await execute("docker", ["plugin", "rm", "-f", each], folder, { DOCKER_CONFIG: folder });
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, "plugin/rootfs/bin"), { recursive: true });
  copyFileSync("/bin/busybox", join(folder, "plugin/rootfs/bin/busybox"));
  chmodSync(join(folder, "plugin/rootfs/bin/busybox"), 0o755);
  writeFileSync(
    join(folder, "plugin/config.json"),
    JSON.stringify({
      description: name,
      entrypoint: ["/bin/busybox", "sleep", "9"],
      interface: { types: ["docker.volumedriver/1.0"], socket: "x.sock" },
    }),
  );
  await docker("plugin", "create", made, "plugin");
  await docker("plugin", "push", made);

  const open = (repository: string): ReturnType<typeof openRepository> => {
    const opened = openRepository({ registry: host, repository }, { findCredentials: async () => undefined });
    context.after(() => opened.close());
    return opened;
  };
  const [source, target] = [open(`tools/${name}`), open(`mirror/${name}`)];
  const described = await describePackage(source, "1.0");
  assert.equal(described.layer, "driver");
  assert.equal((described.config as { Description: string }).Description, name);
  const layout = await openLayout(join(folder, "layout"), { create: true });
  await copyContent(source, "1.0", layout, "saved");
  await writeAll(join(folder, "saved.tar"), saveArchive(layout, ["saved"]));
  const { digest } = await copyContent(await openLayoutArchive(join(folder, "saved.tar")), "saved", target, "2.0");
  assert.equal(digest, described.digest);

  await docker("plugin", "rm", made);
  await docker("plugin", "install", "--disable", "--grant-all-permissions", copied);
  const inspected = JSON.parse(await docker("plugin", "inspect", copied)) as readonly { Config: { Description: string } }[];
  assert.equal(inspected[0]?.Config.Description, name);
});

async function writeAll(file: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  writeFileSync(file, Buffer.concat(await Array.fromAsync(content)));
}

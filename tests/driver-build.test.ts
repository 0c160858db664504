import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { privilegesOfConfig, readConfig, writeConfig } from "@outrigger/driver";
import { openLayout, openRepository } from "@outrigger/registry";
import { tinyImage } from "./support/images.ts";
import { askEngine, dockerPlugin, installPlugin, storedPlugin } from "./support/managed-plugins.ts";
import { startRegistry } from "./support/registry.ts";
import { execute, type Result, root } from "./support/sandbox.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

interface Bench {
  readonly folder: string;
  readonly write: (path: string, text: string) => string;
  readonly outrigger: (...words: readonly string[]) => Promise<Result>;
  /** Builds, and gives what was built. */
  readonly build: (...words: readonly string[]) => Promise<Built>;
}

interface Built {
  readonly digest: string;
  readonly layer: string;
  readonly config: Record<string, unknown>;
  readonly stderr: string;
}

function bench(context: TestContext): Bench {
  const folder = temporaryFolder(context);
  const store = join(folder, "store");
  const outrigger = (...words: readonly string[]): Promise<Result> =>
    execute(join(root, "outrigger"), words, folder, { OUTRIGGER_PACKAGES: store, NO_COLOR: "1" });
  return {
    folder,
    outrigger,
    write: (path, text) => {
      const file = join(folder, path);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    build: async (...words) => {
      const { code, stdout, stderr } = await outrigger("driver", "build", ...words, "-t", "bench/driver:1", "-o", "json");
      assert.equal(code, 0, stderr);
      const [{ digest = "" } = {}] = JSON.parse(stdout) as { digest?: string }[];
      const layout = await openLayout(store);
      const manifest = JSON.parse(Buffer.from((await layout.manifest(digest)).bytes).toString()) as {
        config: { mediaType: string; digest: string; size: number };
        layers: { digest: string }[];
      };
      const config = JSON.parse(Buffer.concat(await Array.fromAsync(layout.blob(manifest.config))).toString()) as Record<string, unknown>;
      assert.equal(manifest.layers.length, 1);
      return { digest, layer: manifest.layers[0]?.digest ?? "", config, stderr };
    },
  };
}

const plain = {
  description: "A <driver> & more",
  entrypoint: ["/bin/busybox", "sleep", "1000"],
  interface: { types: ["docker.networkdriver/1.0"], socket: "bench.sock" },
  network: { type: "host" },
  linux: { capabilities: ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"], devices: [{ name: "null", path: "/dev/null", settable: ["path"] }] },
  mounts: [{ name: "modules", source: "/lib/modules", destination: "/lib/modules", type: "bind", options: ["rbind", "ro"] }],
  env: [
    { name: "DEBUG", value: "0", settable: ["value"] },
    { name: "TOKEN", value: null, settable: ["value"] },
  ],
  args: { name: "args", value: ["-v"], settable: ["value"] },
  user: { uid: 1, gid: 2 },
  pidhost: true,
};

/** A root filesystem of busybox alone. */
function rootfs(folder: string): string {
  mkdirSync(join(folder, "bin"), { recursive: true });
  mkdirSync(join(folder, "run/docker/plugins"), { recursive: true });
  copyFileSync("/bin/busybox", join(folder, "bin/busybox"));
  for (const path of ["", "bin", "run", "run/docker", "run/docker/plugins", "bin/busybox"]) chmodSync(join(folder, path), 0o755);
  return folder;
}

test("the configuration and manifest have the very bytes that `docker plugin create` and `push` make", async (context) => {
  const { folder, write, build } = bench(context);
  const { host } = await startRegistry(context);
  rootfs(join(folder, "driver/rootfs"));
  write("driver/config.json", JSON.stringify(plain));
  const name = `${host}/bench/own:1`;
  context.after(() => dockerPlugin("rm", "--force", name));
  assert.equal((await dockerPlugin("create", name, join(folder, "driver"))).code, 0);
  assert.equal((await dockerPlugin("push", name)).code, 0);
  const repository = openRepository({ registry: host, repository: "bench/own" });
  context.after(() => repository.close());
  const theirs = await repository.manifest("1");
  const { config: descriptor } = JSON.parse(Buffer.from(theirs.bytes).toString()) as {
    config: { mediaType: string; digest: string; size: number };
  };
  const bytes = Buffer.concat(await Array.fromAsync(repository.blob(descriptor)));
  const { DockerVersion, rootfs: layers } = JSON.parse(bytes.toString()) as { DockerVersion: string; rootfs: { diff_ids: string[] } };
  const reading = readConfig(JSON.stringify(plain), "config.json");
  assert.ok(reading.ok);
  assert.deepEqual(
    Buffer.from(writeConfig({ ...reading.value.config, DockerVersion, rootfs: { ...layers, type: "layers" } })).toString(),
    bytes.toString(),
  );
  const ours = await build("driver", "--media-types", "docker");
  const layout = await openLayout(join(folder, "store"));
  const blank = (text: Uint8Array): string =>
    Buffer.from(text)
      .toString()
      .replaceAll(/sha256:[0-9a-f]{64}/g, "D")
      .replaceAll(/"size":\d+/g, '"size":0');
  assert.equal(blank((await layout.manifest(ours.digest)).bytes), blank(theirs.bytes));
});

test("a stock engine takes a configuration with the plugin.yaml in it", async (context) => {
  const { folder, write } = bench(context);
  rootfs(join(folder, "driver/rootfs"));
  write("driver/config.json", JSON.stringify({ ...plain, Outrigger: { apiVersion: "outrigger.dev/v1", kind: "Plugin" } }));
  const name = `build-own-${process.pid}:1`;
  context.after(() => dockerPlugin("rm", "--force", name));
  const { code, stderr } = await dockerPlugin("create", name, join(folder, "driver"));
  assert.equal(code, 0, stderr);
});

test("the same input has the same digest, wherever and whenever it was written", async (context) => {
  const { folder, write, build } = bench(context);
  rootfs(join(folder, "a/rootfs"));
  write("a/config.json", JSON.stringify(plain));
  cpSync(join(folder, "a"), join(folder, "deep/er/b"), { recursive: true });
  utimesSync(join(folder, "deep/er/b/rootfs/bin/busybox"), 1, 1);
  const [one, other] = [await build("a"), await build("deep/er/b")];
  assert.equal(one.digest, other.digest);
  chmodSync(join(folder, "deep/er/b/rootfs/bin/busybox"), 0o700);
  assert.notEqual((await build("deep/er/b")).digest, one.digest);
});

test("every kind of source gives the same layer, and an image its entry point and variables", async (context) => {
  const { folder, write, build } = bench(context);
  const { host } = await startRegistry(context);
  const image = await tinyImage();
  execFileSync("docker", ["save", "-o", join(folder, "saved.tar"), image]);
  const named = `${host}/bench/image:1`;
  write("Dockerfile.base", `FROM ${image}\nENV COLOUR=red\nWORKDIR /tmp\nENTRYPOINT ["/bin/busybox"]\nCMD ["sleep", "9"]\n`);
  execFileSync("/usr/bin/docker", ["build", "-q", "-t", named, "-f", join(folder, "Dockerfile.base"), folder], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  context.after(() => execute("docker", ["image", "rm", named], "/"));
  execFileSync("docker", ["push", "-q", named]);
  const config = write("config.json", JSON.stringify({ interface: plain.interface }));
  const fromImage = await build(named, "--config", config);
  assert.deepEqual(fromImage.config["Entrypoint"], ["/bin/busybox", "sleep", "9"]);
  assert.deepEqual(fromImage.config["Env"], [{ Description: "", Name: "COLOUR", Settable: null, Value: "red" }]);
  assert.equal(fromImage.config["WorkDir"], "/tmp");

  execFileSync("docker", ["save", "-o", join(folder, "image.tar"), named]);
  execFileSync("skopeo", ["copy", "-q", `docker-archive:${join(folder, "image.tar")}`, `oci:${join(folder, "layout")}:one`]);
  execFileSync("tar", ["-C", join(folder, "layout"), "-cf", join(folder, "layout.tar"), "."]);
  for (const source of ["image.tar", "layout", "layout.tar", `layout#one`]) {
    assert.equal((await build(source, "--config", config)).digest, fromImage.digest, source);
  }

  mkdirSync(join(folder, "plugin"));
  execFileSync("umoci", ["unpack", "--image", `${join(folder, "layout")}:one`, join(folder, "bundle")]);
  cpSync(join(folder, "bundle/rootfs"), join(folder, "plugin/rootfs"), { recursive: true, verbatimSymlinks: true });
  for (const path of ["", "bin", "tmp"]) chmodSync(join(folder, "plugin/rootfs", path), path === "tmp" ? 0o1777 : 0o755);
  const full = JSON.stringify({ ...fromImage.config, DockerVersion: undefined, rootfs: undefined });
  write("plugin/config.json", full);
  execFileSync("tar", ["-C", join(folder, "plugin"), "-cf", join(folder, "plugin.tar"), "config.json", "rootfs"]);
  execFileSync("tar", ["-C", join(folder, "plugin/rootfs"), "-czf", join(folder, "rootfs.tgz"), "."]);
  const fromFolder = await build("plugin");
  assert.equal((await build("plugin.tar")).digest, fromFolder.digest);
  assert.equal((await build("rootfs.tgz", "--config", "plugin/config.json")).digest, fromFolder.digest);
  assert.equal(fromFolder.layer, fromImage.layer);
});

test("a module becomes a driver that a stock engine installs, grants, enables, uses, sets and removes", async (context) => {
  const { folder, outrigger } = bench(context);
  const { host } = await startRegistry(context);
  cpSync(join(root, "tests/fixtures/volume-driver"), join(folder, "driver"), { recursive: true });
  const name = `${host}/bench/volume:1.0.0`;
  const built = await outrigger("driver", "build", "driver", "-t", name);
  assert.equal(built.code, 0, built.stderr);
  const pushed = await outrigger("driver", "push", name);
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.equal(pushed.stdout, built.stdout);

  const { body } = await askEngine(`/plugins/privileges?remote=${encodeURIComponent(name)}`);
  const installed = await installPlugin(context, name);
  assert.equal(installed.code, 0, installed.stderr);
  const stored = storedPlugin(name);
  assert.equal(stored.manifest, built.stdout.trim().split(" ")[1], "the digest that was built is the one that was installed");
  assert.equal(stored.blobs?.length, 1);
  const { Outrigger, ...config } = JSON.parse(stored.config.toString()) as Record<string, unknown>;
  assert.equal((Outrigger as { kind?: string }).kind, "Plugin");
  const reading = readConfig(JSON.stringify(config), "config.json");
  assert.ok(reading.ok);
  assert.deepEqual(body, privilegesOfConfig(reading.value.config));
  assert.deepEqual(
    (body as readonly { Name: string }[]).map(({ Name }) => Name),
    ["network", "mount", "capabilities"],
  );

  assert.equal((await dockerPlugin("set", name, "PREFIX=set-")).code, 0);
  const enabled = await dockerPlugin("enable", name);
  assert.equal(enabled.code, 0, enabled.stderr);
  const volume = `build-volume-${process.pid}`;
  // To look for a volume that is gone, an engine asks every driver that it ever knew, for 15 s each.
  let left = true;
  context.after(() => (left ? execute("docker", ["volume", "rm", "-f", volume], "/") : undefined));
  const docker = (...words: readonly string[]): Promise<Result> => execute("docker", words, "/");
  assert.equal((await docker("volume", "create", "-d", name, volume)).code, 0);
  const image = await tinyImage();
  assert.equal((await docker("run", "--rm", "-v", `${volume}:/v`, image, "touch", "/v/set-kept")).code, 0);
  assert.equal((await docker("run", "--rm", "-v", `${volume}:/v`, image, "ls", "/v")).stdout, "set-kept\n");
  assert.equal((await docker("volume", "rm", volume)).code, 0);
  left = false;
  assert.equal((await dockerPlugin("disable", name)).code, 0);
  assert.equal((await dockerPlugin("rm", name)).code, 0);
});

test("for several architectures there is a tag each, one that engines take, and an index beside them", async (context) => {
  const { folder, write, outrigger } = bench(context);
  const { host } = await startRegistry(context);
  rootfs(join(folder, "driver/rootfs"));
  rootfs(join(folder, "driver/rootfs-s390x"));
  const foreign = readFileSync("/bin/busybox");
  foreign.writeUInt16LE(22, 18); // e_machine
  writeFileSync(join(folder, "driver/rootfs-s390x/bin/busybox"), foreign);
  write("driver/config.json", JSON.stringify(plain));
  const name = `${host}/bench/many:1`;
  const own = (await import("@outrigger/registry")).ownPlatform().architecture;
  const built = await outrigger("driver", "build", "driver", "--platform", `linux/s390x,linux/${own}`, "-t", name);
  assert.equal(built.code, 0, built.stderr);
  const pushed = await outrigger("driver", "push", name);
  assert.equal(pushed.code, 0, pushed.stderr);
  const repository = openRepository({ registry: host, repository: "bench/many" });
  context.after(() => repository.close());
  assert.deepEqual((await repository.tags()).toSorted(), ["1", `1-${own}`, "1-index", "1-s390x"].toSorted());
  const digest = async (tag: string): Promise<string> => (await repository.manifest(tag)).descriptor.digest;
  assert.equal(await digest("1"), await digest(`1-${own}`));
  const index = JSON.parse(Buffer.from((await repository.manifest("1-index")).bytes).toString()) as {
    manifests: { digest: string; platform: object }[];
  };
  assert.deepEqual(
    index.manifests.map(({ digest: each, platform }) => [each, platform]),
    [
      [await digest("1-s390x"), { architecture: "s390x", os: "linux" }],
      [await digest(`1-${own}`), { architecture: own, os: "linux" }],
    ],
  );
  assert.equal((await installPlugin(context, name)).code, 0);
  const wrong = await outrigger("driver", "build", "driver", "--platform", "linux/riscv64", "-t", name);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /is a program for \w+, not for riscv64/);
});

test("what can't work is not built, and says why", async (context) => {
  const { folder, write, outrigger } = bench(context);
  rootfs(join(folder, "driver/rootfs"));
  const says = async (text: RegExp, ...words: readonly string[]): Promise<void> => {
    const { code, stderr } = await outrigger("driver", "build", ...words, "-t", "bench/wrong:1");
    assert.equal(code, 2, stderr);
    assert.match(stderr, text);
  };
  await says(/neither a plugin.yaml nor a config.json/, "driver");
  await says(/nothing that a driver can be built from: it is not there/, "./no-such");
  write("driver/config.json", '{\n  "entrypoint": ["/bin/no"],\n  "interface": {"types": ["volumedriver"], "socket": "a.sock"}\n}');
  await says(/driver\/config.json:2:18: entrypoint\[0\]: .*no \/bin\/no[\s\S]*config.json:3:\d+: interface.types\[0\]/, "driver");
  const forced = await outrigger("driver", "build", "driver", "--force", "-t", "bench/wrong:1");
  assert.equal(forced.code, 0, forced.stderr);
  const linted = await outrigger("driver", "lint", "driver");
  assert.equal(linted.code, 2);
  assert.match(linted.stdout, /error: driver\/config.json:2:18/);
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatProblem } from "@outrigger/plugin";
import { type FileTree, filePiece, type Piece, readElf, treeOfPieces } from "@outrigger/registry";
import { lintDriver, readConfig } from "../src/index.ts";

const good = {
  description: "a",
  entrypoint: ["/bin/driver"],
  interface: { types: ["docker.networkdriver/1.0"], socket: "driver.sock" },
  network: { type: "host" },
  linux: { capabilities: ["CAP_NET_ADMIN"] },
  env: [{ name: "A", value: "", settable: ["value"] }],
};

async function lint(changes: object, rootfs?: FileTree, architecture?: string): Promise<readonly string[]> {
  const reading = readConfig(JSON.stringify({ ...good, ...changes }), "config.json");
  assert.ok(reading.ok, JSON.stringify(reading));
  const { config, place } = reading.value;
  const findings = await lintDriver({
    config,
    place,
    ...(rootfs === undefined ? {} : { rootfs }),
    ...(architecture === undefined ? {} : { architecture }),
  });
  return findings.map((finding) => `${finding.severity} ${formatProblem(finding).replace(/^.*?: /, "")}`);
}

async function finds(changes: object, ...expected: readonly RegExp[]): Promise<void> {
  const found = await lint(changes);
  assert.equal(found.length, expected.length, found.join("\n"));
  for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? "", pattern);
}

test("a good configuration has no findings", async () => assert.deepEqual(await lint({}), []));

test("an empty configuration, which an engine accepts, can't work", async () => {
  const reading = readConfig("{}", "config.json");
  assert.ok(reading.ok);
  const findings = await lintDriver(reading.value);
  assert.deepEqual(
    findings.map(({ severity, path }) => `${severity} ${path}`),
    ["error Interface.Types", "error Interface.Socket", "error Entrypoint"],
  );
});

test("interfaces", async () => {
  const types = (...list: string[]): object => ({ interface: { types: list, socket: "a.sock" } });
  await finds(types("volumedriver"), /error interface.types\[0\]: .*PREFIX.CAPABILITY/);
  await finds(types("docker.NetworkDriver/1.0"), /error .*\n.*Write docker.networkdriver\/1.0/);
  await finds(types("docker.netwrkdriver/1.0"), /warning .*No engine knows.*\n.*docker.networkdriver/);
  await finds(types("docker.graphdriver/1.0"), /warning .*since version 28/);
  await finds(types("acme.networkdriver/1.0"), /warning .*begin with "docker."/);
  await finds(types("docker.networkdriver/2.0"), /warning .*version 1.0/);
  await finds(types("docker.networkdriver/1.0", "docker.ipamdriver/1.0"), /warning .*--filter capability/);
  await finds(types("docker.authz/1.0", "docker.authz/1.0"), /warning .*twice/, /warning .*filter/);
  await finds(types("docker.volumedriver/1.0"), /warning PropagatedMount: .*do not see what the driver mounts/);
  for (const propagatedMount of ["/run", "/run/docker/", "/run/docker/plugins"]) {
    await finds({ ...types("docker.metricscollector/1.0"), propagatedMount }, /warning propagatedMount: .*after a crash/);
  }
  await finds(
    { interface: { types: ["docker.authz/1.0"], socket: "a.sock", protocolScheme: "grpc" } },
    /error interface.protocolScheme: .*no HTTP client/,
  );
  const mounts = [{ name: "run", source: "/run", destination: "/run/", type: "bind", options: ["rbind"] }];
  await finds({ ...types("docker.logdriver/1.0"), mounts }, /error mounts\[0\].destination: .*pipes/);
});

test("a socket's name has 1 to 22 bytes and no slash", async () => {
  const socket = (name: string): object => ({ interface: { types: ["docker.authz/1.0"], socket: name } });
  await finds(socket("a".repeat(22)));
  await finds(socket("a".repeat(23)), /error interface.socket: .*23 bytes.*22/);
  await finds(socket("é".repeat(12)), /24 bytes/);
  await finds(socket(""), /error interface.socket/);
  await finds(socket("a/b.sock"), /without folders/);
});

test("what can be set", async () => {
  await finds({ env: [{ name: "A", value: "", settable: ["name"] }] }, /error env\[0\].settable\[0\]: Of env only "value"/);
  await finds({ env: [{ name: "A", value: "", settable: ["value", "value"] }] }, /error env\[0\].settable: .*must name one/);
  await finds({ env: [{ name: "A.B", value: "", settable: ["value"] }] }, /error env\[0\].name: .*last dot/);
  await finds({ env: [{ name: "A.B", value: "" }] });
  await finds({ env: [{ name: "", value: "" }] }, /error .*no name of a variable/);
  await finds({ env: [{ name: "A", value: null }] }, /warning env\[0\].value: .*never reaches/);
  await finds({ env: [{ name: "A", value: null, settable: ["value"] }] });
  await finds(
    {
      env: [
        { name: "A", value: "1" },
        { name: "A", value: "2" },
      ],
    },
    /warning env\[1\].name: .*twice/,
  );
  await finds({ args: { name: "A", value: [], settable: ["value"] } }, /error args.name: "A" stands in env too/);
  await finds({ args: { value: ["-v"], settable: ["value"] } }, /error .*NAME=VALUE/);
});

test("what is asked of the host", async () => {
  await finds({ network: { type: "bridge" } }, /warning network.type: .*loopback only/);
  await finds({ network: { type: "none" } }, /warning network.type: .*privilege/);
  await finds({ ipchost: true, pidhost: true }, /warning ipchost/, /warning pidhost/);
  await finds({ user: { uid: 1000 } }, /warning user: .*ignores the user/);
  await finds({ workdir: "data" }, /error workdir: .*absolute/);
  await finds({ propagatedmount: "data" }, /error propagatedmount: .*inside the driver/);
  await finds({ linux: { capabilities: ["NET_ADMIN"] } }, /error linux.capabilities\[0\]: .*\n.*CAP_NET_ADMIN/);
  await finds({ linux: { capabilities: ["CAP_CHOWN"] } }, /warning .*Every driver has/);
  await finds({ linux: { allowAllDevices: true } }, /warning linux.allowAllDevices: .*sees none/);
  await finds({ linux: { devices: [{ name: "d", path: null }] } }, /error linux.devices\[0\].path: .*never starts/);
  await finds({ linux: { devices: [{ name: "d", path: null, settable: ["path"] }] } }, /warning .*plugin set/);
  const mount = { name: "m", source: "/tmp", destination: "/m", type: "bind", options: ["rbind"] };
  await finds({ mounts: [mount] });
  await finds({ mounts: [{ ...mount, source: null }] }, /error mounts\[0\].source: .*never starts/);
  await finds({ mounts: [{ ...mount, options: null }] }, /error mounts\[0\].options: .*rbind/);
  await finds({ mounts: [{ ...mount, destination: "m" }] }, /warning mounts\[0\].destination: .*absolute/);
  await finds({ mounts: [mount], propagatedmount: "/m" }, /warning mounts\[0\].destination: .*over the propagated mount/);
});

const busybox = readFileSync("/bin/busybox");
const shell = readFileSync("/bin/sh");
const architecture = readElf((offset, length) => busybox.subarray(offset, offset + length))?.architecture ?? assert.fail();

function rootfs(...pieces: readonly Piece[]): FileTree {
  return treeOfPieces([filePiece("run/docker/plugins/.keep", ""), ...pieces]);
}

function link(path: string, target: string): Piece {
  return { entry: { path, kind: "symlink", mode: 0o777, uid: 0, gid: 0, size: 0, modified: 0, target } };
}

test("the entry point is found as an engine finds it, through symlinks inside the root", async () => {
  const program = filePiece("usr/bin/driver", busybox, 0o755);
  assert.deepEqual(await lint({}, rootfs(program, link("bin", "usr/bin")), architecture), []);
  assert.deepEqual(await lint({}, rootfs(program, link("bin", "/usr/../../../usr/./bin")), architecture), []);
  assert.deepEqual(await lint({ entrypoint: ["driver"] }, rootfs(program)), []);
  assert.deepEqual(await lint({ entrypoint: ["./driver"], workdir: "/usr/bin" }, rootfs(program)), []);
  assert.match((await lint({}, rootfs(program)))[0] ?? "", /error entrypoint\[0\]: .*no \/bin\/driver\.\n.*\/usr\/bin\/driver/);
  assert.match((await lint({}, rootfs(program, link("bin/driver", "/no/such"))))[0] ?? "", /leads nowhere/);
  assert.match((await lint({}, rootfs(program, link("bin/driver", "driver"))))[0] ?? "", /leads nowhere/);
  const mounts = [{ name: "m", source: "/opt", destination: "/bin", type: "bind", options: ["rbind"] }];
  assert.deepEqual(await lint({ mounts }, rootfs()), []);
});

test("the entry point is an executable for the right machine, with its loader or interpreter", async () => {
  const says = async (...pieces: readonly Piece[]): Promise<string> => (await lint({}, rootfs(...pieces), architecture)).join("\n");
  assert.match(await says(filePiece("bin/driver", busybox)), /error entrypoint\[0\]: .*not executable/);
  assert.match((await lint({}, rootfs(filePiece("bin/driver", busybox, 0o755)), "s390x")).join(), /for \w+, not for s390x/);
  assert.match(await says(filePiece("bin/driver/x", "")), /no file but a directory/);
  assert.match(await says(filePiece("bin/driver", shell, 0o755)), /needs the dynamic loader \/lib/);
  assert.match(await says(filePiece("bin/driver", "echo hello", 0o755)), /no program of Linux/);
  assert.match(await says(filePiece("bin/driver", "#!/bin/sh\r\n", 0o755)), /Windows/);
  assert.match(await says(filePiece("bin/driver", "#!/bin/sh\n", 0o755)), /script for \/bin\/sh/);
  assert.match(
    await says(filePiece("bin/driver", "#! /usr/bin/env node\n", 0o755), filePiece("usr/bin/env", busybox, 0o755)),
    /script for node/,
  );
  assert.equal(await says(filePiece("bin/driver", "#!/bin/sh\n", 0o755), filePiece("bin/sh", busybox, 0o755)), "");
});

test("folders that an engine needs in the root filesystem", async () => {
  const program = filePiece("bin/driver", busybox, 0o755);
  const found = await lint({ propagatedmount: "/data" }, treeOfPieces([program]));
  assert.match(found.join("\n"), /warning .*\/run\/docker\/plugins[\s\S]*warning propagatedmount: .*\/data/);
});

test("an ELF file that is cut off, or none, is not one", () => {
  for (const length of [0, 3, 20, 60, 64])
    assert.equal(
      readElf((offset, size) => busybox.subarray(0, length).subarray(offset, offset + size)),
      undefined,
    );
  assert.equal(
    readElf((offset, size) => Buffer.alloc(100).subarray(offset, offset + size)),
    undefined,
  );
});

test("a dynamic program tells its loader and libraries", () => {
  const elf = readElf((offset, size) => shell.subarray(offset, offset + size));
  assert.match(elf?.interpreter ?? "", /^\/lib.*ld-/);
  assert.deepEqual(elf?.needed, ["libc.so.6"]);
});

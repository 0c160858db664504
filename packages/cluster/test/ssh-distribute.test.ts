import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, linkSync, lutimesSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type FileTree, treeOfDirectory } from "@outrigger/registry";
import { type ConnectedHosts, connectedHosts } from "../../../tests/support/ssh-connections.ts";
import { type SshHost, sudoer } from "../../../tests/support/ssh-hosts.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { connectHosts } from "../src/index.ts";

const signal = new AbortController().signal;
const folder = "/var/lib/outrigger/clusters/one/rootfs";
const mebibyte = 2 ** 20;

/** Of what a rootfs has: programs, links of both kinds, folders that are empty or closed, odd names, setuid, owners, times, a capability, large files. */
function layFiles(root: string): void {
  const write = (path: string, content: string | Uint8Array, mode = 0o644): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
    utimesSync(join(root, path), 1_600_000_000, 1_600_000_000 + path.length);
  };
  write("bin/tool", randomBytes(300_000), 0o755);
  write("bin/su", "su", 0o4755);
  write("etc/empty", "");
  write("etc/secret", "secret", 0o600);
  write("etc/owned", "owned");
  chownSync(join(root, "etc/owned"), 1234, 5678);
  write("etc/ü 'quoted\" $(id) \\n *", "odd");
  write("etc/-rf", "dash");
  write("images/large.tar", randomBytes(20 * mebibyte), 0o640);
  write("images/copy.tar", randomBytes(9 * mebibyte));
  write("images/again.tar", randomBytes(1));
  linkSync(join(root, "images/large.tar"), join(root, "images/linked.tar"));
  linkSync(join(root, "bin/tool"), join(root, "bin/tool2"));
  symlinkSync("../bin/tool", join(root, "etc/link"));
  symlinkSync("/nowhere", join(root, "etc/dangling"));
  lutimesSync(join(root, "etc/link"), 1, 1);
  mkdirSync(join(root, "empty"), { mode: 0o1777 });
  mkdirSync(join(root, "closed"), { mode: 0o700 });
  chmodSync(join(root, "empty"), 0o1777);
  for (let each = 0; each < 200; each += 1) write(`manifests/${each % 7}/${each}.yaml`, `number: ${each}\n`);
}

/** Every file of a host's folder in one line: what it is, whose, its content. */
async function listed(host: SshHost | undefined, path = folder): Promise<string> {
  const shown =
    "find . -type d -printf '%p %m %U:%G\\n' -o -printf '%p %y %m %U:%G %s %l %n ' -type f -printf '%Ts\\n' -o -printf '\\n' | sort";
  const { stdout, stderr } = (await host?.exec(`cd ${path} && ${shown} && find . -type f -print0 | sort -z | xargs -0 sha256sum`)) ?? {};
  assert.equal(stderr, "");
  return stdout ?? "";
}

/** The same of a folder here, brought to the host by tar. */
async function expected(host: SshHost | undefined, tree: FileTree, root: string): Promise<string> {
  assert.ok(tree.entries.length > 0);
  await host?.exec("rm -rf /root/expected");
  const { execFileSync } = await import("node:child_process");
  const tar = execFileSync("tar", ["-C", root, "--numeric-owner", "-c", "."], { maxBuffer: 2 ** 28 });
  host?.write("/root/expected.tar", tar);
  const { stderr } =
    (await host?.exec("mkdir /root/expected; tar -C /root/expected --numeric-owner -xpf /root/expected.tar; rm /root/expected.tar")) ?? {};
  assert.equal(stderr, "");
  return await listed(host, "/root/expected");
}

/** Lines that only one of two listings has. */
function differences(found: string, wanted: string): readonly string[] {
  const [ours, theirs] = [new Set(found.split("\n")), new Set(wanted.split("\n"))];
  return [...[...ours.difference(theirs)].map((line) => `found ${line}`), ...[...theirs.difference(ours)].map((line) => `wanted ${line}`)];
}

async function stand(
  context: { after: (end: () => unknown) => void },
  count = 1,
): Promise<{ readonly all: ConnectedHosts; readonly root: string }> {
  const root = temporaryFolder(context as never);
  layFiles(root);
  return { all: await connectedHosts(context as never, count), root };
}

test("a folder that is not there becomes exactly the tree; the second time nothing is sent, in one round trip", async (context) => {
  const { all, root } = await stand(context, 4);
  const tree = await treeOfDirectory(root);
  const seen: number[] = [];
  const connections = await Promise.all(all.hosts.map(({ ip }) => all.connections.get(ip)));
  const results = await Promise.all(
    connections.map((each, index) =>
      each.distribute(tree, folder, { signal, ...(index === 0 ? { onProgress: ({ sentBytes }) => void seen.push(sentBytes) } : {}) }),
    ),
  );
  const bytes = tree.entries.reduce((sum, { size }) => sum + size, 0);
  for (const result of results) assert.deepEqual(result, { sentBytes: bytes, unchanged: false });
  assert.equal(seen.at(-1), bytes);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  for (const host of all.hosts) assert.deepEqual(differences(await listed(host), await expected(host, tree, root)), []);
  assert.deepEqual(await all.first.distribute(await treeOfDirectory(root), folder, { signal }), { sentBytes: 0, unchanged: true });
  const beside = await all.hosts[0]?.exec(
    "cd /var/lib/outrigger/clusters/one; ls -A . .rootfs.outrigger; stat -c '%a %n' . .. .rootfs.outrigger",
  );
  assert.equal(beside?.stdout, ".:\n.rootfs.outrigger\nrootfs\n\n.rootfs.outrigger:\nstamp\n755 .\n755 ..\n700 .rootfs.outrigger\n");
});

test("whatever was done to a folder is mended, only what differs is sent, and what stays right is the same file as before", async (context) => {
  const { all, root } = await stand(context);
  const [host] = all.hosts;
  const tree = await treeOfDirectory(root);
  await all.first.distribute(tree, folder, { signal });
  const goal = await expected(host, tree, root);
  const inode = `stat -c %i ${folder}/bin/tool ${folder}/manifests/3/3.yaml`;
  const before = (await host?.exec(inode))?.stdout;
  const damages = [
    "echo bad > etc/empty; touch -d @1 manifests/1/1.yaml; chmod 777 etc/secret; chown 5:5 etc/owned; chmod u-s bin/su",
    "touch extra 'odd\nname' $'\\377'; mkdir -p more/deep; ln -s /etc more/link; mkfifo more/pipe; echo x > manifests/2/new",
    "rm bin/su etc/link; mkdir etc/link; touch etc/link/inside; rm -r manifests/4; ln -s /etc manifests/4; rm -r manifests/5; echo file > manifests/5",
    "ln -sfn /etc/passwd etc/dangling; rm bin/tool2; cp bin/tool bin/tool2; rm -r closed; chmod 755 empty",
    "mkdir new; mv images/copy.tar new/; ln -f etc/secret etc/empty; rm images/linked.tar; chmod 700 .; rm etc/-rf",
    "truncate -s 9M images/large.tar; rm etc/ü*",
  ];
  for (const damage of damages) {
    const done = await host?.exec(`set -e; cd ${folder}; ${damage}`);
    assert.equal(done?.stderr, "", damage);
    const { unchanged, sentBytes } = await all.first.distribute(tree, folder, { signal });
    assert.equal(unchanged, false, damage);
    assert.ok(sentBytes < 21 * mebibyte, `${damage}: ${sentBytes}`);
    assert.deepEqual(differences(await listed(host), goal), [], damage);
    assert.deepEqual(await all.first.distribute(tree, folder, { signal }), { sentBytes: 0, unchanged: true });
  }
  assert.equal((await host?.exec(inode))?.stdout, before);
  assert.equal(
    await host?.exec("test -e /etc/passwd -a -d /etc/ssh").then(({ code }) => code),
    0,
    "links out of the folder were not followed",
  );
});

test("another tree in its place: what is the same is kept, what is too much goes", async (context) => {
  const { all, root } = await stand(context);
  await all.first.distribute(await treeOfDirectory(root), folder, { signal });
  rmSync(join(root, "manifests"), { recursive: true });
  writeFileSync(join(root, "manifests"), "now a file");
  writeFileSync(join(root, "bin/tool"), "new");
  mkdirSync(join(root, "deep/er/folder"), { recursive: true });
  writeFileSync(join(root, "deep/er/folder/file"), "new");
  const tree = await treeOfDirectory(root);
  const { sentBytes } = await all.first.distribute(tree, folder, { signal });
  assert.equal(sentBytes, 16);
  assert.deepEqual(differences(await listed(all.hosts[0]), await expected(all.hosts[0], tree, root)), []);
});

test("as a user with sudo, into a folder with odd letters; extended attributes come along", async (context) => {
  const { all, root } = await stand(context);
  const { execFileSync } = await import("node:child_process");
  execFileSync("setcap", ["cap_net_raw+ep", join(root, "bin/tool")]);
  const model = all.hosts[0]?.model({ ssh: { user: sudoer, port: 22, key: { path: all.keyFile } } }) ?? assert.fail();
  const connections = connectHosts([model], all.options);
  context.after(() => connections.close());
  const odd = "/var/lib/outrigger/odd 'name\" $x/rootfs";
  const tree = await treeOfDirectory(root);
  const host = await connections.get(model.ip);
  await host.distribute(tree, odd, { signal });
  const shown = await all.hosts[0]?.exec(`cd /var/lib/outrigger/odd*/rootfs; getcap bin/tool; stat -c %U:%G bin/tool; ls | wc -l`);
  assert.equal(shown?.stdout, "bin/tool cap_net_raw=ep\nroot:root\n6\n");
  assert.equal((await host.distribute(tree, odd, { signal })).unchanged, true);
  for (const bad of ["relative", "/", "/a/../b", "/a//b", "/a/"]) {
    await assert.rejects(host.distribute(tree, bad, { signal }), { code: "tree-not-for-hosts" }, bad);
  }
});

test("cut off in the middle: it goes on where it stopped, in the middle of a large file too", async (context) => {
  const { all, root } = await stand(context);
  const [host] = all.hosts;
  writeFileSync(join(root, "images/huge.tar"), randomBytes(60 * mebibyte));
  const tree = await treeOfDirectory(root);
  const bytes = tree.entries.reduce((sum, { size }) => sum + size, 0);
  let cut = false;
  const { sentBytes, unchanged } = await all.first.distribute(tree, folder, {
    signal,
    onProgress: ({ sentBytes: sent }) => {
      if (cut || sent < 40 * mebibyte) return;
      cut = true;
      host?.drop();
      void sleep(2_500).then(() => host?.restore());
    },
  });
  assert.equal(unchanged, false);
  // What was on the way when the link was cut, and no more, is sent twice: sshd's window, buffers of both kernels.
  assert.ok(sentBytes >= bytes && sentBytes < bytes + 20 * mebibyte, `${sentBytes} of ${bytes}`);
  assert.deepEqual(differences(await listed(host), await expected(host, tree, root)), []);
});

test("aborted and begun again by another process: what arrived whole is not sent again", async (context) => {
  const { all, root } = await stand(context);
  const tree = await treeOfDirectory(root);
  const bytes = tree.entries.reduce((sum, { size }) => sum + size, 0);
  const controller = new AbortController();
  const aborted = all.first.distribute(tree, folder, {
    signal: controller.signal,
    onProgress: ({ sentBytes }) => {
      if (sentBytes > 22 * mebibyte) controller.abort(new TypeError("enough"));
    },
  });
  await assert.rejects(aborted, { message: "enough" });
  assert.equal((await all.hosts[0]?.exec(`ls ${folder}`))?.code, 2, "nothing half done is in its place");
  const connections = connectHosts([all.first.host], all.options);
  context.after(() => connections.close());
  const again = await (await connections.get(all.first.host.ip)).distribute(await treeOfDirectory(root), folder, { signal });
  assert.ok(again.sentBytes < bytes - 15 * mebibyte, `${again.sentBytes} of ${bytes}`);
  assert.deepEqual(differences(await listed(all.hosts[0]), await expected(all.hosts[0], tree, root)), []);
});

test("a full disk is said; with room again it goes on", async (context) => {
  const { all, root } = await stand(context);
  const [host] = all.hosts;
  const tree = await treeOfDirectory(root);
  host?.limitDisk(24 * mebibyte);
  await assert.rejects(all.first.distribute(tree, folder, { signal }), (error: { readonly code: string; readonly message: string }) => {
    assert.equal(error.code, "host-disk-full", error.message);
    assert.match(error.message, /No space left on device/);
    return true;
  });
  host?.limitDisk();
  const { sentBytes } = await all.first.distribute(tree, folder, { signal });
  assert.ok(sentBytes < 15 * mebibyte, `${sentBytes}`);
  assert.deepEqual(differences(await listed(host), await expected(host, tree, root)), []);
});

test("what is damaged while it is staged is sent again, not put in its place", async (context) => {
  const { all, root } = await stand(context);
  const [host] = all.hosts;
  const tree = await treeOfDirectory(root);
  const controller = new AbortController();
  const aborted = all.first.distribute(tree, folder, {
    signal: controller.signal,
    onProgress: ({ sentBytes, totalBytes }) => {
      if (sentBytes >= totalBytes) controller.abort(new TypeError("enough"));
    },
  });
  await assert.rejects(aborted, { message: "enough" });
  const damage =
    "cd /var/lib/outrigger/clusters/one/.rootfs.outrigger; for each in large/*; do printf x | dd of=$each bs=1 seek=5000 conv=notrunc; done; ls large | wc -l; mkdir -p new/etc; echo bad > new/etc/secret; ln -s /etc new/evil";
  assert.equal((await host?.exec(damage))?.stdout, "2\n");
  await all.first.distribute(tree, folder, { signal });
  assert.deepEqual(differences(await listed(host), await expected(host, tree, root)), []);
});

test("something else stands where the folder should be: it is left alone", async (context) => {
  const { all, root } = await stand(context);
  await all.hosts[0]?.exec("mkdir -p /var/lib/outrigger/clusters/one; echo mine > /var/lib/outrigger/clusters/one/rootfs");
  await assert.rejects(all.first.distribute(await treeOfDirectory(root), folder, { signal }), {
    code: "host-command-failed",
    message: /is no folder/,
  });
  assert.equal(all.hosts[0]?.read("/var/lib/outrigger/clusters/one/rootfs"), "mine\n");
});

test("files: read whole, written whole or not at all", async (context) => {
  const { first, hosts } = await connectedHosts(context, 1);
  const content = Buffer.concat([randomBytes(3 * mebibyte), Buffer.from("\0end")]);
  await first.writeFile("/root/new folder/it's", content, 0o640);
  assert.deepEqual(Buffer.from(await first.readFile("/root/new folder/it's")), content);
  assert.equal((await hosts[0]?.exec("stat -c %a '/root/new folder' /root/new*/it*; ls -A /root/new*"))?.stdout, "755\n640\nit's\n");
  assert.equal((await first.readFile("/proc/self/comm")).length > 0, true);
  await first.writeFile("/root/empty", new Uint8Array(), 0o600);
  assert.equal((await first.readFile("/root/empty")).length, 0);
  for (const path of ["/root/none", "/root", "/root/empty/x"])
    await assert.rejects(first.readFile(path), { code: "host-file-missing" }, path);
  await hosts[0]?.exec("truncate -s 65M /root/large; mkdir /root/folder; touch /root/folder/inside");
  await assert.rejects(first.readFile("/root/large"), { code: "host-file-too-large" });
  await assert.rejects(first.writeFile("/root/folder", content, 0o600), { code: "host-command-failed" });
  hosts[0]?.limitDisk(mebibyte);
  await first.writeFile("/var/lib/outrigger/f", Buffer.from("before"), 0o600);
  await assert.rejects(first.writeFile("/var/lib/outrigger/f", content, 0o600), { code: "host-disk-full" });
  assert.equal(hosts[0]?.read("/var/lib/outrigger/f"), "before");
  assert.equal((await hosts[0]?.exec("ls -A /var/lib/outrigger"))?.stdout, "f\n");
});

test("a TCP connection from the host to one of its own ports", async (context) => {
  const { first, hosts } = await connectedHosts(context, 1);
  await hosts[0]?.exec("socat TCP-LISTEN:8080,bind=127.0.0.1,fork EXEC:cat >/dev/null 2>&1 & sleep 0.2");
  const stream = await first.openStream("127.0.0.1", 8080);
  stream.write("ping");
  const [answer] = (await Promise.race([new Promise((resolve) => stream.once("data", (data) => resolve([data])))])) as [Buffer];
  assert.equal(answer.toString(), "ping");
  stream.destroy();
  await assert.rejects(first.openStream("127.0.0.1", 1), { code: "host-forward-refused" });
});

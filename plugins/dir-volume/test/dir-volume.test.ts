import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { mountsBelow } from "../volumes/mounting.ts";
import { checkName, parseSize } from "../volumes/options.ts";
import { Turns } from "../volumes/turns.ts";
import { dirVolume, ownRoot } from "./dir-volume-kit.ts";

const mega = 1024 ** 2;

test("a size is kept: what goes beyond it does not fit, what is below it does", async (context) => {
  const { create, mount, status } = await dirVolume(context);
  assert.equal(await create("small", { size: "16M" }), undefined);
  const folder = await mount("small");
  writeFileSync(join(folder, "fits"), Buffer.alloc(8 * mega));
  assert.throws(() => writeFileSync(join(folder, "more"), Buffer.alloc(16 * mega)), { code: "ENOSPC" });
  const { kind, size, used } = (await status("small")) ?? {};
  assert.deepEqual([kind, size], ["image", 16 * mega]);
  assert.ok(Number(used) > 8 * mega && Number(used) <= 16 * mega, String(used));
});

test("mode, uid and gid are those of the volume's folder, with a size or without", async (context) => {
  const { create, mount } = await dirVolume(context);
  for (const size of [{}, { size: "16M" }]) {
    const name = `of-${Object.keys(size).length}`;
    await create(name, { ...size, mode: "2750", uid: "1234", gid: "5678" });
    const { mode, uid, gid } = statSync(await mount(name));
    assert.deepEqual([mode & 0o7777, uid, gid], [0o2750, 1234, 5678]);
    assert.deepEqual(readdirSync(await mount(name)), []);
  }
});

test("a snapshot of a volume that is written to is its content at one moment, and can't be written to", async (context) => {
  const { create, mount, status, call } = await dirVolume(context);
  await create("data", { size: "32M" });
  const folder = await mount("data");
  writeFileSync(join(folder, "file"), "first");
  assert.equal(await create("monday", { "snapshot-of": "data" }), undefined);
  writeFileSync(join(folder, "file"), "second");
  const snapshot = await mount("monday");
  assert.equal(readFileSync(join(snapshot, "file"), "utf8"), "first");
  assert.throws(() => writeFileSync(join(snapshot, "file"), "third"), { code: "EROFS" });
  assert.deepEqual((await status("data"))?.["snapshots"], ["monday"]);
  assert.equal((await status("monday"))?.["snapshotOf"], "data");
  assert.match((await call("Remove", { Name: "data" })) ?? "", /data is in use/);
  await call("Unmount", { Name: "data", ID: "container" });
  assert.equal(await call("Remove", { Name: "data" }), undefined);
  for (const [name, options] of Object.entries({ same: {}, larger: { size: "64M" } })) {
    assert.equal(await create(name, { from: "monday", ...options }), undefined);
    const restored = await mount(name);
    assert.equal(readFileSync(join(restored, "file"), "utf8"), "first");
    writeFileSync(join(restored, "file"), "mine");
  }
  assert.equal((await status("larger"))?.["size"], 64 * mega);
});

test("a snapshot never has a later change without the earlier one", { timeout: 60_000 }, async (context) => {
  const { create, mount, call } = await dirVolume(context);
  await create("data", { size: "64M" });
  const folder = await mount("data");
  writeFileSync(join(folder, "first"), "0");
  writeFileSync(join(folder, "second"), "0");
  writeFileSync(join(folder, "large"), randomBytes(16 * mega));
  const loop = "i=0; while :; do i=$((i+1)); for name in first second; do echo $i > .next; mv .next $name; done; done";
  const writer = spawn("sh", ["-c", loop], { cwd: folder, stdio: "ignore" });
  const ended = once(writer, "exit");
  for (let round = 0; round < 5; round += 1) {
    assert.equal(await create(`at-${round}`, { "snapshot-of": "data" }), undefined);
    const snapshot = await mount(`at-${round}`);
    const [first, second] = ["first", "second"].map((name) => Number(readFileSync(join(snapshot, name), "utf8")));
    assert.ok(first === second || first === Number(second) + 1, `${first} ${second}`);
    await call("Unmount", { Name: `at-${round}`, ID: "container" });
  }
  writer.kill("SIGKILL");
  await ended;
});

test("a plain folder is copied with owners and links while nobody uses it, and refused while somebody does", async (context) => {
  const { create, mount, call } = await dirVolume(context);
  await create("data");
  const folder = await mount("data", "one");
  writeFileSync(join(folder, "file"), "x", { mode: 0o640 });
  assert.match((await create("copy", { from: "data" })) ?? "", /data is in use/);
  assert.equal(await call("Unmount", { Name: "data", ID: "one" }), undefined);
  assert.equal(await create("copy", { from: "data" }), undefined);
  assert.equal(await create("frozen", { "snapshot-of": "data" }), undefined);
  assert.equal(await create("sized", { from: "data", size: "16M" }), undefined);
  for (const name of ["copy", "frozen", "sized"]) assert.equal(statSync(join(await mount(name), "file")).mode & 0o777, 0o640);
  assert.throws(() => writeFileSync(join(folder, "..", "..", "..", "..", "mounts", "frozen", "data", "file"), "y"), { code: "EROFS" });
});

test("a volume stays mounted until its last user has gone", async (context) => {
  const { create, mount, call, root, status } = await dirVolume(context);
  await create("data", { size: "16M" });
  await Promise.all([mount("data", "one"), mount("data", "two"), mount("data", "two")]);
  assert.equal((await status("data"))?.["users"], 2);
  await call("Unmount", { Name: "data", ID: "one" });
  await call("Unmount", { Name: "data", ID: "one" });
  assert.equal((await mountsBelow(root)).length, 1);
  await call("Unmount", { Name: "data", ID: "two" });
  assert.deepEqual(await mountsBelow(root), []);
});

test("what can't be kept is refused and leaves nothing: unknown options, sizes, modes, names, sources", async (context) => {
  const { create, names, root } = await dirVolume(context, { maxSize: 32 * mega });
  const refused: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ sise: "16M" }, /no option "sise"; there are size, mode/],
    [{ size: "1M" }, /smallest is 16M/],
    [{ size: "-1" }, /expected is e\.g\. 512M/],
    [{ size: "99999T" }, /expected is e\.g\. 512M, at most 16T/],
    [{ size: "64M" }, /the largest is 33554432/],
    [{}, /needs a size here/],
    [{ size: "16M", mode: "888" }, /octal/],
    [{ size: "16M", uid: "root" }, /expected is a number/],
    [{ from: "nothing" }, /no such volume: nothing/],
    [{ "snapshot-of": "../../etc" }, /no volume's name/],
    [{ "snapshot-of": "data", size: "16M" }, /leave size away/],
    [{ from: "data", uid: "1" }, /leave uid away/],
  ];
  for (const [options, expected] of refused) assert.match((await create("data", options)) ?? "taken", expected);
  assert.deepEqual(await names(), []);
  assert.deepEqual(readdirSync(join(root, "staging")), []);
});

test("the same creation again is the same volume; another one of its name is refused", async (context) => {
  const { create, names } = await dirVolume(context, { defaultSize: 16 * mega });
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => create("data", { mode: "0700" }))), [undefined, undefined, undefined]);
  assert.match((await create("data", { mode: "0755" })) ?? "", /is there already, with other options/);
  assert.deepEqual(await names(), ["data"]);
});

test("no name leads out of the folder", async (context) => {
  const { create, root } = await dirVolume(context);
  for (const name of ["../out", "..", ".", "a/b", "/etc", "a\0b", "a\nb", "x".repeat(256)]) {
    assert.match((await create(name)) ?? "taken", /no volume's name/);
  }
  assert.deepEqual(readdirSync(join(root, "volumes")), []);
  await fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const taken = (() => {
        try {
          return checkName(name) === name;
        } catch {
          return false;
        }
      })();
      assert.equal(taken, /^[A-Za-z0-9]/.test(name) && name.length < 256 && [...name].every((letter) => /[A-Za-z0-9_.-]/.test(letter)));
    }),
  );
});

test("sizes are powers of 1024 whatever follows the letter", async () => {
  await fc.assert(
    fc.property(fc.integer({ min: 16, max: 4000 }), fc.constantFrom("m", "M", "MB", "MiB", "mib"), (count, unit) => {
      assert.equal(parseSize("size", `${count}${unit}`), count * mega);
    }),
  );
  assert.equal(parseSize("size", "16777216"), 16 * mega);
});

test("after a crash what was being made is gone, mounts of containers stay, others end, and nothing stays frozen", async (context) => {
  const root = ownRoot(context);
  const before = await dirVolume(context, {}, root);
  await before.create("data", { size: "16M" });
  const folder = await before.mount("data");
  await before.create("other", { size: "16M" });
  const half = join(root, "staging", "half");
  mkdirSync(join(half, "tree"), { recursive: true });
  mkdirSync(join(root, "mounts", "other"));
  execFileSync("mount", ["-o", "loop", join(root, "volumes", "other", "image"), join(root, "mounts", "other")]);
  execFileSync("fsfreeze", ["--freeze", join(root, "mounts", "data")]);
  const after = await dirVolume(context, {}, root);
  writeFileSync(join(folder, "file"), "still there");
  assert.deepEqual(await mountsBelow(root), [join(root, "mounts", "data")]);
  assert.ok(!existsSync(half));
  assert.equal(await after.mount("data", "another"), folder);
  assert.equal((await after.status("data"))?.["users"], 2);
});

test("work on volumes is done in turn, and two that need the same ones never wait for each other", async () => {
  const turns = new Turns();
  const running = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }), { maxLength: 20 }), async (all) => {
      await Promise.all(
        all.map((names) =>
          turns.take(names, async () => {
            for (const name of names) assert.ok(!running.has(name));
            for (const name of names) running.add(name);
            await Promise.resolve();
            for (const name of names) running.delete(name);
          }),
        ),
      );
    }),
  );
});

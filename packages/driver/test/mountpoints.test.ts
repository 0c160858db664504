import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hostPath, type InsideOut, outsideAnswer } from "@outrigger/driver";
import fc from "fast-check";

const plain: InsideOut = {
  rootfs: "/host/rootfs",
  propagatedMount: "/data",
  propagated: "/host/propagated",
  readLink: () => undefined,
  isMounted: () => false,
};

test("paths under the propagated mount and elsewhere lead to where they are on this machine", () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    "/data/a": "/host/propagated/a",
    "/data": "/host/propagated",
    "/data/": "/host/propagated",
    "/database/a": "/host/rootfs/database/a",
    "/srv/x": "/host/rootfs/srv/x",
    "/": "/host/rootfs",
    "//data//a": "/host/propagated/a",
    "relative/a": undefined,
    "": undefined,
    "/a\0b": undefined,
  };
  for (const [inside, outside] of Object.entries(cases)) assert.equal(hostPath(inside, plain), outside, inside);
});

test("attack: .. leads out of neither place (moby#53023)", () => {
  assert.equal(hostPath("/data/../../etc", plain), "/host/rootfs/etc");
  assert.equal(hostPath("/data/../../../../etc/shadow", plain), "/host/rootfs/etc/shadow");
  assert.equal(hostPath("/../../etc", plain), "/host/rootfs/etc");
});

test("whatever a driver answers, the path stays below its own folders", () => {
  const part = fc.constantFrom("..", ".", "data", "etc", "a", "", "link", "loop");
  const links: Readonly<Record<string, string>> = {
    "/host/rootfs/link": "../../../etc",
    "/host/propagated/link": "/data/../..",
    "/host/rootfs/loop": "loop",
  };
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const path = hostPath(`/${parts.join("/")}`, { ...plain, readLink: (place) => links[place] });
      assert.ok(path === undefined || /^\/host\/(rootfs|propagated)(\/|$)/.test(path));
      assert.ok(path === undefined || !path.split("/").includes(".."), String(path));
    }),
  );
});

test("attack: links in a driver's files lead no further than the driver itself would get by them", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-paths-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const [rootfs, propagated] = [join(folder, "rootfs"), join(folder, "propagated")];
  for (const path of [join(rootfs, "srv/real"), propagated]) mkdirSync(path, { recursive: true });
  symlinkSync("/etc", join(rootfs, "srv/etc"));
  symlinkSync("../../../../../../etc", join(propagated, "out"));
  symlinkSync("/srv/real", join(rootfs, "srv/inside"));
  symlinkSync("round", join(propagated, "round"));
  const driver: InsideOut = {
    rootfs,
    propagatedMount: "/data",
    propagated,
    readLink: (path) => {
      try {
        return readlinkSync(path);
      } catch {
        return undefined;
      }
    },
    isMounted: () => false,
  };
  assert.equal(hostPath("/srv/etc/shadow", driver), join(rootfs, "etc/shadow"));
  assert.equal(hostPath("/data/out", driver), join(rootfs, "etc"));
  assert.equal(hostPath("/srv/inside/x", driver), join(rootfs, "srv/real/x"));
  assert.equal(hostPath("/data/round/x", driver), undefined);
});

const toHost = (inside: string): string | undefined => hostPath(inside, plain);
const turn = (text: string): string | undefined => outsideAnswer(Buffer.from(text), toHost)?.toString();

test("answers are rewritten wherever engines read a mount point, in any case, and nothing else in them changes", () => {
  assert.equal(turn('{"Mountpoint":"/data/a","Err":""}'), '{"Mountpoint":"/host/propagated/a","Err":""}\n');
  assert.equal(turn('{"MountPoint":"/data/a"}'), '{"MountPoint":"/host/propagated/a"}\n');
  assert.equal(
    turn('{"Volumes":[{"Name":"a","Mountpoint":"/data/a"},{"Name":"b"},null],"Err":""}'),
    '{"Volumes":[{"Name":"a","Mountpoint":"/host/propagated/a"},{"Name":"b"},null],"Err":""}\n',
  );
  assert.equal(
    turn('{"Volume":{"Name":"a","Mountpoint":"/data/a","Status":{"Mountpoint":"/data/a","size":9007199254740993}}}'),
    '{"Volume":{"Name":"a","Mountpoint":"/host/propagated/a","Status":{"Mountpoint":"/data/a","size":9007199254740993}}}\n',
  );
});

test("answers without mount points, and those that can't be read, pass byte for byte", () => {
  for (const text of ['{ "Err" : "no" }', "not json", "", '{"Mountpoint":""}', '{"Volume":{"Name":"x"}}', "[1]", "null"])
    assert.equal(turn(text), text);
  assert.equal(turn('{"Mountpoint":"relative"}'), undefined);
});

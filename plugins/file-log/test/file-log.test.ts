import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { decodeLine, encodeLine, formatTime } from "../log/lines.ts";
import { LineCutter } from "../log/reader.ts";
import { entry, fileLogKit, linesOf, ownFolder, textOf } from "./file-log-kit.ts";

const id = "c".repeat(64);
const numbers = (from: number, to: number): readonly string[] => Array.from({ length: to - from }, (_, index) => `line ${from + index}`);

test("lines come as json-file writes them, with the labels, variables and tag that are asked for", async (context) => {
  const root = ownFolder(context);
  const kit = await fileLogKit(context, root);
  const info = {
    ContainerID: id,
    ContainerName: "/shop",
    ContainerLabels: { team: "web", secret: "s" },
    ContainerEnv: ["STAGE=test", "PASSWORD=p"],
    Config: { labels: "team", "env-regex": "^STA", tag: "{{.Name}}/{{ .ID }}" },
  };
  const pipe = await kit.openLog(info);
  await pipe.write({ source: "stderr", timeNano: 1_700_000_000_123_456_789n, line: Buffer.from("hé\u0001") });
  await pipe.stop();
  assert.deepEqual(
    linesOf(join(root, id, "container.log")).map((line) => JSON.parse(line)),
    [
      {
        log: "hé\u0001\n",
        stream: "stderr",
        attrs: { team: "web", STAGE: "test", tag: `shop/${id.slice(0, 12)}` },
        time: "2023-11-14T22:13:20.123456789Z",
      },
    ],
  );
  assert.doesNotMatch(readFileSync(join(root, id, "container.json"), "utf8"), /STAGE|PASSWORD/);
});

test("a wrong log-opt is named, and the container is not started", async (context) => {
  const kit = await fileLogKit(context, ownFolder(context));
  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ "max-sise": "1m" }, /no log-opt "max-sise"; there are max-size/],
    [{ "max-size": "none" }, /max-size is "none"/],
    [{ "max-size": "12" }, /at least 1k/],
    [{ "max-file": "0" }, /max-file is "0"/],
    [{ compress: "maybe" }, /compress is "maybe"/],
    [{ format: "xml" }, /format is "xml"/],
    [{ "labels-regex": "(" }, /no regular expression/],
    [{ tag: "{{.Secret}}" }, /tag has \{\{\.Secret\}\}/],
    [{ tag: "{{.constructor}}" }, /tag has/],
    [{ format: "raw", labels: "a", tag: "x" }, /no room/],
  ];
  for (const [Config, expected] of wrong) await assert.rejects(kit.openLog({ ContainerID: id, Config }), expected);
  await assert.rejects(kit.openLog({ ContainerID: "../../etc" }), /no container's id/);
  const pipe = await kit.openLog({ ContainerID: id, Config: { mode: "non-blocking", "max-buffer-size": "4m", "cache-disabled": "true" } });
  await pipe.stop();
});

test("files are ended by size, compressed and counted, and read as one log", async (context) => {
  const root = ownFolder(context);
  const kit = await fileLogKit(context, root);
  const info = { ContainerID: id, Config: { "max-size": "4k", "max-file": "3" } };
  const pipe = await kit.openLog(info);
  const written = numbers(0, 200);
  for (const line of written) await pipe.write(entry(line));
  await pipe.stop();
  const files = readdirSync(join(root, id)).toSorted();
  assert.deepEqual(files, ["container.json", "container.log", "container.log.1.gz", "container.log.2.gz"]);
  for (const name of files.slice(1)) {
    const lines = linesOf(join(root, id, name));
    assert.ok(lines.join("\n").length + 1 <= 4096 && lines.length > 10, name);
  }
  const read = textOf(await kit.readLog(info));
  assert.deepEqual(read, written.slice(-read.length));
  assert.ok(read.length > 100);
  for (const Tail of [0, 1, 30, 90]) assert.deepEqual(textOf(await kit.readLog(info, { Tail })), Tail === 0 ? [] : written.slice(-Tail));
});

test("max-file 1 begins anew in the one file", async (context) => {
  const root = ownFolder(context);
  const kit = await fileLogKit(context, root);
  const info = { ContainerID: id, Config: { "max-size": "1k", "max-file": "1" } };
  const pipe = await kit.openLog(info);
  for (const line of numbers(0, 50)) await pipe.write(entry(line));
  await pipe.stop();
  assert.deepEqual(readdirSync(join(root, id)).toSorted(), ["container.json", "container.log"]);
  const read = textOf(await kit.readLog(info));
  assert.deepEqual(read, numbers(50 - read.length, 50));
});

test("since and until choose by time", async (context) => {
  const kit = await fileLogKit(context, ownFolder(context));
  const pipe = await kit.openLog({ ContainerID: id });
  const entries = numbers(0, 10).map((line) => entry(line));
  await pipe.write(...entries);
  const time = (index: number): string => new Date(Number((entries[index]?.timeNano ?? 0n) / 1_000_000n)).toISOString();
  assert.deepEqual(textOf(await kit.readLog({ ContainerID: id }, { Since: time(3), Until: time(6) })), numbers(3, 7));
  assert.deepEqual(textOf(await kit.readLog({ ContainerID: id }, { Since: time(3), Until: time(6), Tail: 2 })), numbers(5, 7));
  await pipe.stop();
});

test("following goes on over ended files until the container ends", async (context) => {
  const kit = await fileLogKit(context, ownFolder(context));
  const info = { ContainerID: id, Config: { "max-size": "2k", "max-file": "9" } };
  const pipe = await kit.openLog(info);
  await pipe.write(...numbers(0, 5).map((line) => entry(line)));
  const following = kit.readLog(info, { Follow: true });
  for (const line of numbers(5, 100)) {
    await pipe.write(entry(line));
    await sleep(1);
  }
  await pipe.stop();
  assert.deepEqual(textOf(await following), numbers(0, 100));
});

test("a log that is read as engines read that of an ended container can be opened again meanwhile", async (context) => {
  const kit = await fileLogKit(context, ownFolder(context));
  const info = { ContainerID: id };
  const [first, second, third] = [await kit.openLog(info), await kit.openLog(info), await kit.openLog(info)];
  await first.write(entry("one"));
  await first.stop();
  assert.deepEqual(textOf(await kit.readLog(info)), ["one"]);
  await second.write(entry("two"));
  await Promise.all([second.stop(), third.stop()]);
  const again = await kit.openLog(info);
  assert.deepEqual(textOf(await kit.readLog(info)), ["one", "two"]);
  await again.stop();
});

test("parts of a long line are put together", async (context) => {
  const kit = await fileLogKit(context, ownFolder(context));
  const pipe = await kit.openLog({ ContainerID: id });
  const part = (ordinal: number, last: boolean): Parameters<typeof entry>[1] => ({ part: { id: "p", ordinal, last } });
  await pipe.write(entry("a".repeat(16384), part(1, false)), entry("other", { source: "stderr" }), entry("b", part(2, true)));
  await pipe.stop();
  assert.deepEqual(textOf(await kit.readLog({ ContainerID: id })), ["other", `${"a".repeat(16384)}b`]);
});

test("raw lines stay as they are, and refuse questions about time", async (context) => {
  const root = ownFolder(context);
  const kit = await fileLogKit(context, root);
  const info = { ContainerID: id, Config: { format: "raw" } };
  const pipe = await kit.openLog(info);
  const bytes = Buffer.from([0, 200, 255, 13]);
  await pipe.write(entry("text"), { ...entry(""), line: bytes });
  await pipe.stop();
  assert.deepEqual(readFileSync(join(root, id, "container.log")), Buffer.concat([Buffer.from("text\n"), bytes, Buffer.from("\n")]));
  assert.deepEqual(
    (await kit.readLog(info)).map(({ line }) => line),
    [Buffer.from("text\n"), Buffer.concat([bytes, Buffer.from("\n")])],
  );
  await assert.rejects(kit.readLog(info, { Since: "2026-01-01T00:00:00Z" }), /have no times/);
});

test("a full disk drops lines, says how many, and never holds the container up", { timeout: 60_000 }, async (context) => {
  const root = join(ownFolder(context), "disk");
  mkdirSync(root);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", root]);
  const kit = await fileLogKit(context, root);
  const info = { ContainerID: id, Config: { "max-size": "1m" } };
  const pipe = await kit.openLog(info);
  const filler = join(root, "filler");
  for (const line of numbers(0, 10)) await pipe.write(entry(line));
  while ((await kit.readLog(info)).length < 10) await sleep(5);
  try {
    for (;;) appendFileSync(filler, Buffer.alloc(4096));
  } catch {}
  for (let index = 0; index < 300; index += 1) await pipe.write(entry("x".repeat(1000)));
  while (!kit.logged.some(({ message }) => message === "writing a log failed: lines are dropped")) await sleep(5);
  const before = (await kit.readLog(info)).length;
  rmSync(filler);
  await pipe.write(entry("room again"));
  await pipe.stop();
  const read = textOf(await kit.readLog(info));
  const notices = read.flatMap((line) => /^file-log: ([0-9]+) lines/.exec(line)?.[1] ?? []);
  const lost = notices.reduce((sum, count) => sum + Number(count), 0);
  assert.equal(read.filter((line) => !line.startsWith("file-log:")).length + lost, 311);
  assert.ok(before >= 10);
  assert.equal(read.at(-1), "room again");
  for (const line of linesOf(join(root, id, "container.log"))) JSON.parse(line);
});

test("a disk that does not answer holds a container up for seconds, not for ever", { timeout: 60_000 }, async (context) => {
  const folder = ownFolder(context);
  const [root, image] = [join(folder, "disk"), join(folder, "image")];
  mkdirSync(root);
  execFileSync("sh", ["-ec", 'truncate -s 32M "$0" && mkfs.ext4 -q "$0" && mount -o loop "$0" "$1"', image, root]);
  const kit = await fileLogKit(context, root);
  const pipe = await kit.openLog({ ContainerID: id });
  execFileSync("fsfreeze", ["--freeze", root]);
  try {
    for (let index = 0; index < 1200; index += 1) await pipe.write(entry("x".repeat(16_000)));
  } finally {
    execFileSync("fsfreeze", ["--unfreeze", root]);
  }
  assert.ok(kit.logged.some(({ message }) => message === "the disk does not answer: lines are dropped"));
  await pipe.stop();
});

test("what a crash has left is mended: a cut line, a file that is half compressed, one that is twice there", async (context) => {
  const root = ownFolder(context);
  const folder = join(root, id);
  mkdirSync(folder);
  const line = (text: string): Buffer => encodeLine(entry(text), { format: "json", attributes: {} });
  execFileSync("sh", ["-ec", 'cat > "$0" && gzip -k "$0"', join(folder, "container.log.1")], { input: line("old") });
  writeFileSync(join(folder, "container.log.2.gz.next"), "half");
  writeFileSync(join(folder, "container.log.7"), line("beyond"));
  writeFileSync(join(folder, "container.log"), Buffer.concat([line("before"), line("cut").subarray(0, 20)]));
  const kit = await fileLogKit(context, root);
  const pipe = await kit.openLog({ ContainerID: id });
  await pipe.write(entry("after"));
  await pipe.stop();
  assert.deepEqual(textOf(await kit.readLog({ ContainerID: id })), ["old", "before", "after"]);
  assert.deepEqual(readdirSync(folder).toSorted(), ["container.json", "container.log", "container.log.1.gz"]);
});

test("logs without a line for KEEP_DAYS are removed, others stay", async (context) => {
  const root = ownFolder(context);
  for (const [name, days] of [
    ["old", 40],
    ["new", 3],
  ] as const) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "container.log"), "");
    utimesSync(join(root, name, "container.log"), new Date(), new Date(Date.now() - days * 86_400_000));
  }
  writeFileSync(join(root, "another-file"), "");
  await fileLogKit(context, root, { keepDays: 30 });
  assert.deepEqual([existsSync(join(root, "old")), existsSync(join(root, "new")), statSync(root).isDirectory()], [false, true, true]);
});

test("any line comes back as it was, whatever it holds", async () => {
  const time = fc.bigInt({ min: 0n, max: 253_402_300_799_999_999_999n });
  await fc.assert(
    fc.property(fc.string({ unit: "binary" }), time, fc.constantFrom("stdout", "stderr"), (text, timeNano, source) => {
      const line = Buffer.from(text.replaceAll("\n", ""));
      const written = encodeLine({ source, timeNano, line }, { format: "json", attributes: {} });
      assert.equal(written.indexOf(10), written.length - 1);
      assert.deepEqual(decodeLine(written.subarray(0, -1), "json", 0n), { source, timeNano, line: Buffer.from(line.toString("utf8")) });
      assert.match(formatTime(timeNano), /^[0-9]{4}-.*Z$/);
    }),
  );
});

test("lines are the same wherever a file is cut into pieces", async () => {
  await fc.assert(
    fc.property(fc.array(fc.string().map((text) => text.replaceAll("\n", ""))), fc.array(fc.nat(20)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const cutter = new LineCutter();
      const found: string[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        for (const line of cutter.push(bytes.subarray(at, at + cut))) found.push(line.toString());
        at += cut;
      }
      assert.deepEqual(found, lines);
    }),
  );
});

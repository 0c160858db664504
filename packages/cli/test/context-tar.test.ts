import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { isOutriggerError } from "@outrigger/plugin";
import fc from "fast-check";
import { packContext } from "../src/context-tar.ts";
import { folderWith } from "./run-outrigger.ts";

test("tar reads it back: files with their text, links, folders, fixed owners, times and modes", async () => {
  using folder = folderWith({ Dockerfile: "FROM scratch\n", "bin/run": "#!/bin/sh\n", "a b/ü.txt": "text" });
  chmodSync(join(folder.path, "bin/run"), 0o700);
  chmodSync(join(folder.path, "Dockerfile"), 0o600);
  symlinkSync("bin/run", join(folder.path, "link"));
  mkdirSync(join(folder.path, "empty"));
  await using packed = await packContext(folder.path, "Dockerfile");
  const listing = execFileSync("tar", ["--utc", "--numeric-owner", "-tvf", packed.file], {
    encoding: "utf8",
    env: { LC_ALL: "C.UTF-8", TZ: "UTC" },
  });
  const lines = listing
    .trim()
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " "));
  assert.deepEqual(lines, [
    "-rw-r--r-- 0/0 13 1970-01-01 00:00 Dockerfile",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 a b/",
    "-rw-r--r-- 0/0 4 1970-01-01 00:00 a b/ü.txt",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/",
    "-rwxr-xr-x 0/0 10 1970-01-01 00:00 bin/run",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 empty/",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 link -> bin/run",
  ]);
  assert.equal(execFileSync("tar", ["-xOf", packed.file, "a b/ü.txt"], { encoding: "utf8" }), "text");
});

test(".dockerignore counts, with exceptions inside ignored folders; the Dockerfile always comes along", async () => {
  using folder = folderWith({
    ".dockerignore": "# comment\nsecret\nlogs\n!logs/keep.log\n**/*.tmp\nbuild.Dockerfile\n",
    "build.Dockerfile": "FROM scratch\n",
    secret: "x",
    "logs/keep.log": "x",
    "logs/drop.log": "x",
    "src/a.tmp": "x",
    "src/a.ts": "x",
  });
  await using packed = await packContext(folder.path, "build.Dockerfile");
  assert.deepEqual(packed.entries, [".dockerignore", "build.Dockerfile", "logs", "logs/keep.log", "src", "src/a.ts"]);
});

test("the digest hangs on names, texts and x bits only, not on time, order, owner or umask", async () => {
  const name = fc.stringMatching(/^[a-z]{1,6}$/);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, fc.string(), { maxKeys: 5 }), fc.nat(2_000_000_000), async (texts, time) => {
      using one = folderWith({ Dockerfile: "FROM scratch\n", ...texts });
      using other = folderWith(Object.fromEntries([...Object.entries(texts).toReversed(), ["Dockerfile", "FROM scratch\n"]]));
      for (const file of Object.keys(texts)) {
        utimesSync(join(other.path, file), time, time);
        chmodSync(join(other.path, file), 0o640);
      }
      await using first = await packContext(one.path, "Dockerfile");
      await using second = await packContext(other.path, "Dockerfile");
      assert.equal(first.digest, second.digest);
      writeFileSync(join(other.path, "Dockerfile"), "FROM scratch\n#\n");
      await using changed = await packContext(other.path, "Dockerfile");
      assert.notEqual(first.digest, changed.digest);
    }),
    { numRuns: 25 },
  );
});

test("what a context can't hold is refused by name, and so is a Dockerfile that is not there", async () => {
  using folder = folderWith({ Dockerfile: "FROM scratch\n" });
  const socket = createServer().listen(join(folder.path, "live.sock"));
  await new Promise((done) => socket.once("listening", done));
  try {
    await assert.rejects(
      packContext(folder.path, "Dockerfile"),
      (error) => isOutriggerError(error) && /live\.sock is a socket/.test(error.message),
    );
  } finally {
    await new Promise((done) => socket.close(done));
  }
  await assert.rejects(
    packContext(folder.path, "Containerfile"),
    (error) => isOutriggerError(error) && error.code === "dockerfile-missing",
  );
  await assert.rejects(
    packContext(join(folder.path, "none"), "Dockerfile"),
    (error) => isOutriggerError(error) && error.code === "file-unreadable",
  );
});

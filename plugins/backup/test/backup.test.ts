import assert from "node:assert/strict";
import { test } from "node:test";
import { builtImage, docker, testVolume, until } from "../../../tests/support/container.ts";
import { tinyImage } from "../../../tests/support/images.ts";
import { execute, sandbox } from "../../../tests/support/sandbox.ts";
import { backup, describe, restore, shell } from "./backup-container.ts";

for (const [compression, ending] of [
  ["gzip", ".tar.gz"],
  ["zstd", ".tar.zst"],
  ["none", ".tar"],
] as const) {
  test(`a backup by ${compression} into a directory comes back the same, and only the last ones are kept`, {
    timeout: 180_000,
  }, async (context) => {
    const own = await backup(context, { COMPRESS: compression, KEEP: "2" });
    const first = await own.ended();
    assert.equal(first.problem, undefined);
    assert.match(first.archive ?? "", new RegExp(`^shop-web-[0-9]{8}T[0-9]{6}Z${ending.replaceAll(".", "\\.")}$`));
    const whole = await shell(describe, "--volume", `${own.data}:/data`);
    assert.match(whole, /a.txt f 600 1000:1001 4/);
    assert.equal(await shell(describe, "--volume", `${await restore(context, own)}:/data`), whole);
    const listed = await shell(
      "cd /backups && sha256sum -c *.sha256 && stat -c %s shop-web-*[a-z0-9]",
      "--volume",
      `${own.backups}:/backups`,
    );
    assert.match(listed, new RegExp(`${first.archive}: OK\n[\\s\\S]*${first.bytes}\n`));
    if (compression !== "gzip") return;
    const runs = [await own.again(), await own.again()];
    assert.ok(runs.every(({ ok }) => ok));
    const names = (await own.container.run("backup", "list")).stdout;
    assert.equal(names, runs.map(({ archive, bytes }) => `${archive}  ${bytes}\n`).join(""));
    assert.equal((await shell("ls -A /backups | wc -l", "--volume", `${own.backups}:/backups`)).trim(), "4");
    const metrics = await (await fetch(`http://${own.container.address}:65091/metrics`)).text();
    assert.match(metrics, /^outrigger_backup_runs_total\{result="ok"\} 3$/m);
    assert.match(metrics, new RegExp(`^outrigger_backup_last_success_bytes ${runs[1]?.bytes}$`, "m"));
  });
}

test("a broken archive is not unpacked", { timeout: 120_000 }, async (context) => {
  const own = await backup(context, {});
  const { archive } = await own.ended();
  await shell(`printf x | dd of=/backups/${archive} bs=1 seek=5000 conv=notrunc status=none`, "--volume", `${own.backups}:/backups`);
  const { code, stdout, stderr } = await own.container.run("backup", "read", "latest");
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /is broken: its SHA-256 is/);
});

test("a full disk fails the backup, says so, keeps the former ones and leaves nothing half", { timeout: 120_000 }, async (context) => {
  const small = await testVolume(context, "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=700k");
  const own = await backup(context, {}, small);
  const first = await own.ended();
  assert.equal(first.problem, undefined);
  await shell("head -c 900000 /dev/urandom > /data/more", "--volume", `${own.data}:/data`);
  const second = await own.again();
  assert.equal(second.ok, false);
  assert.match(second.problem ?? "", /ENOSPC: no space left on device/);
  assert.equal((await own.status()).lastSuccess?.archive, first.archive);
  assert.equal((await own.container.run("ls", "-A", "/backups")).stdout, `${first.archive}\n${first.archive}.sha256\n`);
  assert.match(await own.container.logs(), /backup: failed: ENOSPC/);
});

test("a backup killed half-way leaves nothing that looks whole, and the next start clears it away", {
  timeout: 120_000,
}, async (context) => {
  const own = await backup(context, { ON_START: "false", COMPRESS: "gzip" });
  await until("it serves", own.status);
  await shell("head -c 400000000 /dev/urandom > /data/large", "--volume", `${own.data}:/data`);
  await docker("kill", "--signal=USR1", own.container.id);
  await until("it writes", async () => ((await own.container.run("ls", "-A", "/backups")).stdout.includes(".partial-") ? true : undefined));
  await docker("kill", own.container.id);
  const left = await shell("ls -A /backups", "--volume", `${own.backups}:/backups`);
  assert.match(left, /^\.partial-shop-web-\S+\n$/);
  await shell("rm /data/large", "--volume", `${own.data}:/data`);
  await docker("start", own.container.id);
  await until("it is cleared away", async () => ((await own.container.run("ls", "-A", "/backups")).stdout === "" ? true : undefined));
  assert.equal((await own.container.run("backup", "list")).stdout, "");
});

test("wrong settings are all named at once, and no secret is", { timeout: 60_000 }, async () => {
  const image = await builtImage("plugins/backup");
  const env = { SOURCE: "data", SCHEDULE: "61 * * * *", TARGET: "s3://B", KEEP: "0", S3_SECRET_KEY: "never-shown" };
  const { code, stderr } = await docker("run", "--rm", ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`), image);
  assert.equal(code, 64);
  for (const name of ["SOURCE", "SCHEDULE", "TARGET", "KEEP"]) assert.match(stderr, new RegExp(`^backup: ${name}`, "m"));
  assert.doesNotMatch(stderr, /never-shown/);
});

test("a source that is missing fails each time, with tar's own words", { timeout: 60_000 }, async (context) => {
  const own = await backup(context, { SOURCE: "/data/missing" });
  const run = await own.ended();
  assert.equal(run.ok, false);
  assert.match(run.problem ?? "", /tar ended with 2: .*\/data\/missing: .*No such file or directory/);
  assert.equal((await own.container.run("ls", "-A", "/backups")).stdout, "");
});

test("installed on a component it backs its volume up, and the app can be restored from it", { timeout: 180_000 }, async (context) => {
  const box = sandbox(context);
  const file = box.write(
    "app.yaml",
    `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: ${box.prefix}-db }
spec:
  components:
    - name: db
      image: ${await tinyImage()}
      command: [sh, -c, "echo precious > /data/row.txt; exec sleep 1000"]
      volumes: [{ name: data, path: /data }]
      terminationGracePeriodSeconds: 0
      plugins:
        - { plugin: backup@1.0.0, values: { what: { SOURCE: /data }, when: { SCHEDULE: 1d }, where: { KEEP: 3 } } }
`,
  );
  const up = await box.run("up", "-f", file);
  assert.equal(up.code, 0, up.stdout + up.stderr);
  const name = `outrigger.default.${box.prefix}-db.db`;
  const listed = await until("an archive is there", async () => {
    const { stdout } = await docker("exec", `${name}.backup`, "backup", "list");
    return stdout === "" ? undefined : stdout;
  });
  assert.match(listed, new RegExp(`^${box.prefix}-db-db-[0-9]{8}T[0-9]{6}Z\\.tar\\.gz  [0-9]+\n$`));
  const restored = await execute("sh", ["-c", `docker exec ${name}.backup backup read latest | tar -xO ./row.txt`], box.folder);
  assert.equal(restored.stdout, "precious\n", restored.stderr);
  assert.equal((await docker("exec", `${name}.backup`, "touch", "/data/x")).code, 1, "the app's volume is there to be read only");
});

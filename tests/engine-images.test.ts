import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { engineGateway, until } from "./support/engine-gateway.ts";
import { ownEngine } from "./support/own-engine.ts";
import { ownRegistry } from "./support/own-registry.ts";
import { execute, type Result, root } from "./support/sandbox.ts";
import { tinyImage } from "./support/tiny-image.ts";

test("image.prePull and postPull: mirrored, recorded, and failed where a plug-in says so", { timeout: 120_000 }, async (context) => {
  const engine = await ownEngine(context, "120m", { bridge: "10.214.79.1/24" });
  const registry = await ownRegistry(context, engine);
  const direct = async (...words: string[]): Promise<Result> => {
    const result = await execute("docker", ["-H", engine.host, ...words], root);
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
  const digests: string[] = [];
  for (const name of ["hub/library/good", "hub/library/bad", "past", "built"]) {
    tinyImage(engine.host, `${registry}/${name}:1`, [`ENV NAME=${name}`]);
    const { stdout } = await direct("push", `${registry}/${name}:1`);
    digests.push(/digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1] ?? "");
    await direct("rmi", `${registry}/${name}:1`);
  }
  const [good, bad, past] = digests;
  const folder = mkdtempSync(join(tmpdir(), "outrigger-pulls-"));
  chmodSync(folder, 0o777);
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "pulls");
  const gateway = await engineGateway(context, engine.host, {
    listener: ",user=alice",
    plugins: [
      { from: "plugins/image-mirror", values: { mirrors: { rules: `docker.io/library/ => ${registry}/hub/library/\n` } } },
      { from: "examples/engine-hooks/pull-record", values: { record: { file, bad_digests: bad } } },
    ],
  });
  const records = (): readonly Record<string, unknown>[] =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : [];

  await context.test("a pull goes to the mirror, and is recorded with its digest after it has succeeded", async () => {
    const { code, stderr } = await gateway.docker("pull", "good:1");
    assert.equal(code, 0, stderr);
    const [{ time, ...record } = {}] = records();
    assert.ok(typeof time === "string");
    assert.deepEqual(record, {
      user: "alice",
      reference: `${registry}/hub/library/good:1`,
      digest: good,
      platform: null,
      snapshotter: "overlay2",
      by: "client",
    });
    const run = await gateway.docker("run", "--rm", "--network", "none", "good:1", "sh", "-c", "echo $NAME");
    assert.equal(run.stdout, "hub/library/good\n", run.stderr);
  });

  await context.test("a pull that the engine fails is not told", async () => {
    const before = records().length;
    assert.notEqual((await gateway.docker("pull", "nowhere:1")).code, 0);
    assert.equal(records().length, before);
  });

  await context.test("a plug-in's failure after the pull is docker pull's failure; the image stays", async () => {
    const { code, stdout, stderr } = await gateway.docker("pull", "bad:1");
    assert.equal(code, 1);
    assert.match(stderr, /The image is pulled, but pull-record failed after it: .*bad:1 is sha256:/);
    assert.match(stdout, /Downloaded newer image/);
    assert.equal((await direct("image", "inspect", "-f", "{{.Os}}", `${registry}/hub/library/bad:1`)).stdout, "linux\n");
  });

  await context.test("pulls that the gateway has not seen come from the engine's events: past it, and by a build", async () => {
    await direct("pull", `${registry}/past:1`);
    await until("the pull past the gateway is recorded", () => records().some(({ by, digest }) => by === "engine" && digest === past));
    const context = join(folder, "context");
    writeFileSync(context, `FROM ${registry}/built:1\nENV A=b\n`);
    const built = await execute("sh", ["-c", `DOCKER_BUILDKIT=0 docker -H ${gateway.host} build -q - < ${context}`], root);
    assert.equal(built.code, 0, built.stderr);
    await until("the build's pull is recorded", () => records().some(({ reference }) => reference === `${registry}/built:1`));
    assert.equal(records().length, 4, "each once");
  });
});

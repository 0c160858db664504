import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defineVolumeDriver, driverError, type Mounts, MountTable, openStateFile } from "@outrigger/sdk/driver";
import { atEnd, docker } from "./support/container.ts";
import { legacyDriver } from "./support/legacy-driver.ts";
import { ownEngine } from "./support/own-engine.ts";
import { execute } from "./support/sandbox.ts";

const image = "debian:bookworm-slim";

test("a volume driver of the SDK serves docker volume and containers of a real engine", { timeout: 120_000 }, async (context) => {
  const place = mkdtempSync(join(tmpdir(), "outrigger-driver-"));
  atEnd(context, async () => rmSync(place, { recursive: true, force: true }));
  const { host, pluginsFolder } = await ownEngine(context, "400m", { ownPlugins: true });
  const ask = (...words: string[]): ReturnType<typeof docker> => docker("--host", host, ...words);
  const done = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await ask(...words);
    assert.equal(code, 0, `docker ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  const copied = await execute("sh", ["-c", 'docker save "$0" | docker --host "$1" load', image, host], "/");
  assert.equal(copied.code, 0, copied.stderr);
  const state = await openStateFile<Mounts>(join(place, "mounts.json"), {});
  const pathOf = (name: string): string => join(place, "data", name);
  const mounts = new MountTable(state, { mount: async (name) => pathOf(name), unmount: async () => undefined });
  const exists = (name: string): boolean => readdirSync(join(place, "data")).includes(name);
  mkdirSync(join(place, "data"), { recursive: true });
  const { name: driver } = await legacyDriver(
    context,
    {
      volume: defineVolumeDriver({
        create({ name, options }) {
          if (options["fail"] !== undefined) throw driverError(`can't make it: ${options["fail"]}`);
          mkdirSync(pathOf(name), { recursive: true });
        },
        remove: ({ name }) => rm(pathOf(name), { recursive: true }),
        mount: ({ name, id }) => mounts.mount(name, id),
        unmount: ({ name, id }) => mounts.unmount(name, id),
        path: ({ name }) => mounts.path(name),
        get: ({ name }) => (exists(name) ? { name, createdAt: new Date(0), status: { kind: "test" } } : undefined),
        list: () => readdirSync(join(place, "data")).map((name) => ({ name })),
      }),
    },
    pluginsFolder,
  );
  const volume = `${driver}-data`;
  await done("volume", "create", "--driver", driver, volume);
  assert.match((await ask("volume", "create", "--driver", driver, "-o", "fail=full", `${driver}-2`)).stderr, /can't make it: full/);
  assert.deepEqual(JSON.parse(await done("volume", "inspect", "--format", "{{json .Status}}", volume)), { kind: "test" });

  const holder = await done(
    "run",
    "--detach",
    "--init",
    "--network",
    "none",
    "--volume",
    `${volume}:/data`,
    image,
    "sh",
    "-c",
    "echo kept > /data/file; sleep 60",
  );
  assert.equal(
    await done(
      "run",
      "--rm",
      "--network",
      "none",
      "--volume",
      `${volume}:/data`,
      image,
      "sh",
      "-c",
      "while ! cat /data/file; do sleep 0.1; done 2>/dev/null",
    ),
    "kept",
  );
  assert.equal(state.state[volume]?.ids.length, 1, "one container of two holds it still");
  assert.match((await ask("volume", "rm", volume)).stderr, /in use/);
  await done("rm", "--force", holder);
  assert.deepEqual(state.state, {});
  await done("volume", "rm", volume);
  assert.ok(!exists(volume));
});

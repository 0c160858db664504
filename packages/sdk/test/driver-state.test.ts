import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  createLogger,
  logLevel,
  type Mounts,
  MountTable,
  openMountsFile,
  openStateFile,
  scrapeMetrics,
  writeDiscoveryFile,
} from "@outrigger/sdk/driver";
import fc from "fast-check";

function folder(context: Pick<TestContext, "after">): string {
  const path = mkdtempSync(join(tmpdir(), "driver-state-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("a state that a killed driver said was kept is there, whole", async (context) => {
  const file = join(folder(context), "state.json");
  let before = 0;
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, [join(import.meta.dirname, "support", "state-writer.ts"), file]);
    let said = "";
    child.stdout.on("data", (piece: Buffer) => {
      said += piece.toString();
    });
    while (said.split("\n").length < 20 + round * 7) await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const last = Number(said.trim().split("\n").at(-1));
    const { state } = await openStateFile(file, { count: 0, fill: "" });
    assert.ok(state.count >= last && state.count <= last + 2, `${state.count} after ${last}`);
    assert.ok(last > before);
    before = state.count;
  }
});

test("state: changes in order, nothing changed when writing fails, no write where nothing changes, a broken file refused", async (context) => {
  const place = folder(context);
  const file = join(place, "deep", "state.json");
  const state = await openStateFile<readonly number[]>(file, []);
  await Promise.all([1, 2, 3].map((number) => state.update((list) => [...list, number])));
  assert.deepEqual(state.state, [1, 2, 3]);
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), [1, 2, 3]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { mtimeMs } = statSync(file);
  await state.update((list) => list);
  assert.equal(statSync(file).mtimeMs, mtimeMs);

  mkdirSync(`${file}.next`);
  await assert.rejects(
    state.update((list) => [...list, 4]),
    { code: "EISDIR" },
  );
  assert.deepEqual(state.state, [1, 2, 3]);
  rmSync(`${file}.next`, { recursive: true, force: true });
  await assert.rejects(
    state.update(() => {
      throw new RangeError("no");
    }),
    RangeError,
  );
  await state.update((list) => [...list, 5]);
  assert.deepEqual(readdirSync(join(place, "deep")), ["state.json"]);
  assert.deepEqual((await openStateFile<readonly number[]>(file, [])).state, [1, 2, 3, 5]);

  writeFileSync(file, "[1,");
  await assert.rejects(openStateFile(file, []), { code: "state-file-invalid" });
  writeFileSync(file, "{}");
  const check = (value: unknown): readonly number[] => {
    if (!Array.isArray(value)) throw new TypeError("a list is expected");
    return value as readonly number[];
  };
  await assert.rejects(openStateFile(file, [], check), { code: "state-file-invalid", message: /a list is expected/ });
});

test("mounts are counted by id: mounted for the first, unmounted after the last, whatever the order", async (context) => {
  const place = folder(context);
  const action = fc.record({
    verb: fc.constantFrom("mount" as const, "unmount" as const),
    name: fc.constantFrom("a", "__proto__"),
    id: fc.nat({ max: 3 }),
  });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
      round += 1;
      const mounted = new Set<string>();
      const work = {
        mount: async (name: string): Promise<string> => {
          await Promise.resolve();
          assert.ok(!mounted.has(name), "mounted once");
          mounted.add(name);
          return `/m/${name}`;
        },
        unmount: async (name: string): Promise<void> => {
          await Promise.resolve();
          assert.ok(mounted.delete(name), "unmounted once");
        },
      };
      const table = new MountTable(await openStateFile<Mounts>(join(place, `${round}.json`), {}), work);
      const model = new Map<string, Set<number>>();
      const turns = actions.map(({ verb, name, id }) => {
        const ids = model.get(name) ?? new Set();
        model.set(name, ids);
        if (verb === "mount") ids.add(id);
        else ids.delete(id);
        return table[verb](name, String(id));
      });
      await Promise.all(turns);
      for (const [name, ids] of model) {
        assert.equal(mounted.has(name), ids.size > 0);
        assert.equal(table.path(name), ids.size > 0 ? `/m/${name}` : undefined);
      }
    }),
    { numRuns: 40 },
  );
});

test("a driver that starts anew knows its mounts, makes sure of each once, and a failing mount counts nobody", async (context) => {
  const file = join(folder(context), "mounts.json");
  const calls: string[] = [];
  let fails = false;
  const open = async (): Promise<MountTable> =>
    new MountTable(await openStateFile<Mounts>(file, {}), {
      mount: async (name) => {
        if (fails) throw new RangeError("no disk");
        calls.push(`mount ${name}`);
        return `/m/${name}`;
      },
      unmount: async (name) => void calls.push(`unmount ${name}`),
    });
  await (await open()).mount("a", "1");
  const second = await open();
  assert.equal(second.path("a"), "/m/a");
  await second.mount("a", "2");
  await second.mount("a", "3");
  await second.unmount("a", "unknown");
  for (const id of ["1", "2", "3", "3"]) await second.unmount("a", id);
  assert.deepEqual(calls, ["mount a", "mount a", "unmount a"]);
  fails = true;
  await assert.rejects(second.mount("b", "1"), RangeError);
  assert.equal(second.path("b"), undefined);
  fails = false;
  await second.mount("b", "1");
});

test("mounts count until the machine starts anew; a file of something else is refused", async (context) => {
  const place = folder(context);
  const [file, boot] = [join(place, "mounts.json"), join(place, "boot_id")];
  const work = { mount: async (name: string) => `/m/${name}`, unmount: async () => undefined };
  writeFileSync(boot, "one\n");
  await new MountTable(await openMountsFile(file, boot), work).mount("a", "1");
  assert.equal(new MountTable(await openMountsFile(file, boot), work).path("a"), "/m/a");
  writeFileSync(boot, "two\n");
  const later = new MountTable(await openMountsFile(file, boot), work);
  assert.equal(later.path("a"), undefined);
  await later.mount("a", "2");
  assert.deepEqual((await openMountsFile(file, boot)).state, { a: { mountpoint: "/m/a", ids: ["2"] } });
  for (const other of ["{}", "null", '{"a":{}}']) {
    writeFileSync(file, other);
    await assert.rejects(openMountsFile(file, boot), { code: "state-file-invalid" });
  }
});

test("the engine's metrics are read over its socket; an answer that is none is an error", async (context) => {
  const socket = join(folder(context), "metrics.sock");
  let status = 200;
  const server = createServer((request, response) => response.writeHead(status).end(`${request.url} engine_daemon_x 1\n`)).listen(socket);
  await once(server, "listening");
  context.after(() => server.close());
  assert.equal(await scrapeMetrics({ socket }), "/metrics engine_daemon_x 1\n");
  status = 500;
  await assert.rejects(scrapeMetrics({ socket }), /answered 500/);
  await assert.rejects(scrapeMetrics({ socket: `${socket}2` }), { code: "ENOENT" });
  await assert.rejects(scrapeMetrics({ socket, signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("files of discovery are what engines read", async (context) => {
  const place = folder(context);
  const spec = await writeDiscoveryFile({ name: "data", address: "unix:///run/data.sock", folder: place });
  assert.deepEqual([spec, readFileSync(spec, "utf8")], [join(place, "data.spec"), "unix:///run/data.sock\n"]);
  const json = await writeDiscoveryFile({ name: "data", address: "https://127.0.0.1:4000", folder: place, tls: { caFile: "/ca.pem" } });
  assert.deepEqual(JSON.parse(readFileSync(json, "utf8")), {
    Name: "data",
    Addr: "https://127.0.0.1:4000",
    TLSConfig: { InsecureSkipVerify: false, CAFile: "/ca.pem", CertFile: "", KeyFile: "" },
  });
});

test("logs are JSON lines by level, with the fields of those they come from", () => {
  const lines: string[] = [];
  const log = createLogger("info", (level, line) => void lines.push(`${level} ${line}`)).with({ call: "c1" });
  log.debug("left away");
  log.info("one", { size: 2n ** 60n });
  log.with({ volume: "a" }).error("two\nlines");
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /^info \{"time":"[^"]+Z","level":"info","message":"one","call":"c1","size":"1152921504606846976"\}\n$/);
  assert.match(lines[1] ?? "", /"level":"error","message":"two\\nlines","call":"c1","volume":"a"\}\n$/);
  assert.deepEqual([logLevel("DEBUG"), logLevel(undefined), logLevel("loud")], ["debug", logLevel(), "info"]);
});

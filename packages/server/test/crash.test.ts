import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "@outrigger/pod";
import type { ApplicationResource, BuildResource, ComponentResource, Page, VersionResource } from "../src/api/resources.ts";
import { manifest } from "./support/samples.ts";
import { until } from "./support/server.ts";

const kills = 50;
const writers = 4;
const gone = "gone";

interface Child {
  readonly process: ChildProcess;
  readonly url: string;
}

/** What a writer was told was written, and what it asked for last: after a crash the store holds the one or the other, whole. */
interface Expectation {
  acknowledged: string;
  asked: string;
}

async function startChild(folder: string): Promise<Child> {
  const script = join(import.meta.dirname, "support", "crash-child.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { process: child, url };
}

async function kill({ process: child }: Child): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function client(folder: string, url: string): <T>(method: string, path: string, body?: unknown) => Promise<{ status: number; body: T }> {
  const token = readFileSync(join(folder, "data", "admin-token"), "utf8").trim();
  return async <T>(method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${url}/api/v1/teams/default${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === "" ? undefined : JSON.parse(text)) as T };
  };
}

function application(mark: string): object {
  const plugins = [{ plugin: "base@1.0.0" }];
  return { components: ["web", "api"].map((name) => ({ name, image: "x", env: { MARK: mark }, plugins })) };
}

/** Writes, changes and removes one application until the server dies. */
async function writeApplication(send: ReturnType<typeof client>, name: string, expected: Expectation, round: number): Promise<void> {
  for (let number = 0; ; number += 1) {
    const remove = expected.acknowledged !== gone && number % 5 === 4;
    expected.asked = remove ? gone : `${round}-${number}`;
    const { status } = remove
      ? await send("DELETE", `/applications/${name}`)
      : await send("PUT", `/applications/${name}`, application(expected.asked));
    if (status < 300) expected.acknowledged = expected.asked;
    else expected.asked = expected.acknowledged;
    assert.ok(status < 300 || status === 409 || status === 404, `${name}: ${status}`);
  }
}

/** Makes and builds versions until the server dies. */
async function writeVersions(send: ReturnType<typeof client>, built: Map<string, string>, round: number): Promise<void> {
  for (let number = 0; ; number += 1) {
    const name = `p-${round}-${number}`;
    assert.equal((await send("POST", "/plugins", manifest(name))).status, 201);
    built.set(name, "");
    const { body: build } = await send<BuildResource>("POST", `/plugins/${name}/versions/1.0.0/builds`);
    if (number % 2 === 0) await until(async () => (await send<BuildResource>("GET", `/builds/${build.id}`)).body.endedAt, "the build");
    const { body } = await send<VersionResource>("GET", `/plugins/${name}/versions/1.0.0`);
    if (body.state === "built") built.set(name, body.digest ?? "");
  }
}

async function checkApplications(
  folder: string,
  send: ReturnType<typeof client>,
  expectations: ReadonlyMap<string, Expectation>,
): Promise<void> {
  for (const [name, expected] of expectations) {
    const marks = await until(async () => {
      const found = await send<ApplicationResource>("GET", `/applications/${name}`);
      if (found.status === 404) return [gone];
      const { body } = await send<Page<ComponentResource>>("GET", `/applications/${name}/components`);
      // What is being removed is on its way to be gone.
      if (found.body.components.some(({ state }) => state === "stopping")) return false;
      return body.items.map(({ spec, installations }) => `${spec.env["MARK"]}${installations.length === 1 ? "" : " without its plug-in"}`);
    }, `${name} to settle`);
    const mark = marks[0] ?? "nothing";
    assert.deepEqual(marks, mark === gone ? [gone] : [mark, mark], `${name} is half-done`);
    assert.ok([expected.acknowledged, expected.asked].includes(mark), `${name} is ${mark}; ${JSON.stringify(expected)}`);
    expected.acknowledged = mark;
    expected.asked = mark;
    const pods = (): readonly string[] =>
      readdirSync(join(folder, "engine"))
        .filter((file) => file.startsWith(`default.${name}.`) && file.endsWith(".json"))
        .map((file) => JSON.parse(readFileSync(join(folder, "engine", file), "utf8")) as Pod)
        .map(
          ({ containers }) =>
            containers.find(({ role }) => role === "app")?.env.flatMap((each) => ("value" in each ? [each.value] : []))[0] ?? "",
        );
    await until(() => JSON.stringify(pods()) === JSON.stringify(mark === gone ? [] : [mark, mark]), `the pods of ${name} to be ${mark}`);
  }
}

async function checkVersions(send: ReturnType<typeof client>, built: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, digest] of [...built].slice(-20)) {
    const { status, body } = await send<VersionResource>("GET", `/plugins/${name}/versions/1.0.0`);
    assert.equal(status, 200, `${name} was acknowledged`);
    assert.ok(["draft", "failed", "built"].includes(body.state), `${name} is ${body.state}`);
    if (digest !== "") assert.deepEqual([body.state, body.digest], ["built", digest], name);
  }
}

test(`killed ${kills} times under load, the server loses nothing acknowledged and leaves nothing half-done`, {
  timeout: 300_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-crash-"));
  let child = await startChild(folder);
  context.after(async () => {
    if (child.process.exitCode === null && child.process.signalCode === null) await kill(child);
    rmSync(folder, { recursive: true, force: true });
  });
  let send = client(folder, child.url);
  await send("POST", "/plugins", manifest("base"));
  await send("POST", "/plugins/base/versions/1.0.0/builds");
  await until(async () => (await send<VersionResource>("GET", "/plugins/base/versions/1.0.0")).body.state === "built", "the base plug-in");
  const expectations = new Map(Array.from({ length: writers }, (_, at) => [`app-${at}`, { acknowledged: gone, asked: gone }]));
  const built = new Map<string, string>();
  for (let round = 0; round < kills; round += 1) {
    const load = [...expectations].map(([name, expected]) => writeApplication(send, name, expected, round));
    const ends = Promise.allSettled([...load, writeVersions(send, built, round)]);
    const before = built.size;
    await sleep(20 + Math.random() * 200);
    // However slow the machine is, some kills come after a version was acknowledged.
    if (round % 4 === 3) await until(async () => built.size > before, "a version to be acknowledged");
    await kill(child);
    for (const end of await ends) if (end.status === "rejected" && end.reason instanceof assert.AssertionError) throw end.reason;
    child = await startChild(folder);
    send = client(folder, child.url);
    await checkVersions(send, built);
    await checkApplications(folder, send, expectations);
  }
  assert.ok(built.size > kills / 5, `${built.size} versions were written`);
});

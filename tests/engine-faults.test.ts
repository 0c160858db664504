import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type EngineGateway, engineGateway, type OwnPlugin, until } from "./support/engine-gateway.ts";
import { mixedLoad, type Outcome } from "./support/mixed-load.ts";
import { type OwnEngine, ownEngine } from "./support/own-engine.ts";
import { root } from "./support/sandbox.ts";
import { tinyImage } from "./support/tiny-image.ts";

const program = readFileSync(join(root, "tests", "fixtures", "misbehaving-plugin.mjs"), "utf8");

/** A plug-in that is asked for containers with the label of its name, and does what its value says. */
function misbehaving(name: string, failPolicy: "open" | "closed"): OwnPlugin {
  const hook = { hook: "container.preCreate", failPolicy, timeoutSeconds: 1, filter: { labels: { [name]: "" } } };
  const engine = {
    command: [process.execPath, "plugin.mjs", name],
    hooks: [hook],
    memory: "200Mi",
    privileges: { change: ["body.Labels.*"] },
  };
  return { engine, files: { "plugin.mjs": program } };
}

/** Asked at every request, and labels every container. */
const bystander: OwnPlugin = {
  engine: { entry: "index.js", hooks: ["api.request", "container.preCreate"], privileges: { change: ["body.Labels.*"] } },
  files: {
    "index.js": `export default { name: "bystander", hooks: {
      "api.request": () => undefined,
      "container.preCreate": (input) => ({ ...input, body: { ...input.body, Labels: { ...input.body.Labels, bystander: "yes" } } }),
    } };`,
  },
};

const names = ["closed", "open"] as const;

async function loaded(context: TestContext): Promise<{ readonly engine: OwnEngine; readonly gateway: EngineGateway }> {
  const engine = await ownEngine(context, "100m");
  tinyImage(engine.host, "tiny");
  const gateway = await engineGateway(context, engine.host, {
    own: { closed: misbehaving("closed", "closed"), open: misbehaving("open", "open"), bystander },
    plugins: [{ from: "closed" }, { from: "open" }, { from: "bystander" }],
  });
  return { engine, gateway };
}

function create(gateway: EngineGateway, labels: Readonly<Record<string, string>>): ReturnType<EngineGateway["docker"]> {
  const words = Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
  return gateway.docker("create", "--network", "none", ...words, "tiny", "true");
}

const pidOf = (gateway: EngineGateway, name: string): number => gateway.processesOf(name)[0] ?? 0;

/** How one plug-in of each policy is made to fail. */
const faults: Readonly<Record<string, (gateway: EngineGateway, name: string) => unknown>> = {
  "is killed": (gateway, name) => process.kill(pidOf(gateway, name), "SIGKILL"),
  hangs: (gateway, name) => process.kill(pidOf(gateway, name), "SIGSTOP"),
  "leaks memory": (gateway, name) => misdeed(gateway, name, "leak"),
  "answers garbage": (gateway, name) => Promise.all(Array.from({ length: 6 }, () => misdeed(gateway, name, "garbage"))),
};

/** A request that the plug-in itself fails at: refused with its name, or served without it. */
async function misdeed(gateway: EngineGateway, name: string, deed: string): Promise<void> {
  const { code, stderr } = await create(gateway, { [name]: deed });
  if (name === "open") return assert.equal(code, 0, stderr);
  assert.notEqual(code, 0);
  assert.match(stderr, /closed failed at container\.preCreate, so the request was refused/);
}

/** All were served but those of a failing plug-in that fails closed, which got 503 and its name. Gives how many those were. */
function refusedOf(outcomes: readonly Outcome[]): number {
  const good: Readonly<Record<string, number>> = { ping: 200, list: 200, remove: 204, create: 201, open: 201, closed: 201 };
  const others = outcomes.filter(({ kind, status }) => status !== good[kind]);
  for (const { kind, status, text } of others) {
    assert.deepEqual([kind, status], ["closed", 503], text);
    assert.match(text, /^\{"message":"closed failed at container\.preCreate/);
  }
  return others.length;
}

test("under 200 requests a second, a plug-in that fails costs only what its policy says, and is back afterwards", {
  timeout: 180_000,
}, async (context) => {
  const { gateway } = await loaded(context);
  const load = mixedLoad(gateway.socket, names);
  context.after(load.stop);
  const isWell = async (): Promise<boolean> => {
    const ids = await Promise.all(names.map((name) => create(gateway, { [name]: "yes" })));
    const labels = await Promise.all(ids.map(({ stdout }) => gateway.docker("inspect", "-f", "{{json .Config.Labels}}", stdout.trim())));
    return labels.every(({ stdout }, index) => stdout.includes(`"${names[index]}-seen":"yes"`) && stdout.includes('"bystander":"yes"'));
  };
  assert.ok(await isWell());
  for (const [fault, make] of Object.entries(faults)) {
    assert.equal(refusedOf(load.take()), 0, `before one ${fault}`);
    const before = names.map((name) => pidOf(gateway, name));
    await Promise.all(names.map((name) => make(gateway, name)));
    await sleep(1_500);
    const isNew = (): boolean => names.map((name) => pidOf(gateway, name)).every((pid, index) => pid > 0 && pid !== before[index]);
    if (fault !== "answers garbage") await until(`both have new processes after one ${fault}`, isNew, 40);
    await until(`both are well after one ${fault}`, isWell, 40);
    const outcomes = load.take();
    const refused = refusedOf(outcomes);
    context.diagnostic(`one ${fault}: ${outcomes.length} requests, ${refused} refused`);
    assert.ok(outcomes.length > 100, fault);
    if (fault === "hangs") assert.ok(refused > 0, "those that it should have answered");
  }
  assert.equal(refusedOf(await load.stop()), 0);
});

test("a gateway killed under load leaves running containers alone, and a new one takes its socket", {
  timeout: 120_000,
}, async (context) => {
  const { engine, gateway } = await loaded(context);
  const started = await Promise.all(
    ["one", "two"].map((name) =>
      gateway.docker("run", "-d", "--name", name, "--network", "none", "--stop-timeout", "0", "tiny", "sleep", "600"),
    ),
  );
  assert.ok(started.every(({ code }) => code === 0));
  const running = (): string =>
    execFileSync(
      "docker",
      ["-H", engine.host, "inspect", "-f", "{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.State.Running}}", "one", "two"],
      {
        encoding: "utf8",
      },
    );
  const before = running();
  const load = mixedLoad(gateway.socket, names);
  context.after(load.stop);
  await sleep(1_000);
  const plugins = names.map((name) => pidOf(gateway, name));
  await gateway.kill9();
  await until("its plug-ins are gone", () => plugins.every((pid) => !isAlive(pid)));
  assert.equal(running(), before);
  await gateway.start();
  load.take();
  await sleep(1_000);
  const outcomes = (await load.stop()).filter(({ status }) => status !== 0);
  assert.ok(outcomes.length > 50);
  assert.equal(refusedOf(outcomes), 0);
  assert.equal(running(), before);
  assert.equal((await gateway.docker("exec", "one", "echo", "here")).stdout, "here\n");
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

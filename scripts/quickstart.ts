import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { engineObjects } from "./engine-objects.ts";

/** The second half of ./quickstart: brings the example up, sends requests, shows the lines that arrive. `--smoke`: apart from everything else, and removed after. */
const root = join(import.meta.dirname, "..");
const requests = 20;
const smoke = process.argv.includes("--smoke");

interface Place {
  readonly file: string;
  readonly application: string;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
}

process.exitCode = await (smoke ? runSmoke() : runExample());

async function runExample(): Promise<number> {
  const place: Place = { file: "examples/log-collection/app.yaml", application: "log-collection", port: 18080, env: process.env };
  if (!outrigger(place, "up", "-f", place.file)) return 1;
  const arrived = await sendAndCollect(place);
  console.log(`
${arrived.length} of ${requests} lines arrived at the sink, shipped by the plug-in log-collector with the pod's and the node's names.

Next:
  ./outrigger get components                                  what runs
  ./outrigger describe log-collection/web                     its containers and plug-ins
  ./outrigger logs log-collection/web -f                      all its containers' logs (Ctrl-C ends)
  ./outrigger configure log-collection/web log-collector --set sink.FORMAT=json --dry-run
  curl http://127.0.0.1:${place.port}/                              one more line for the sink
Remove it all:
  ./outrigger down -f ${place.file} --volumes && ./outrigger server --stop`);
  return arrived.length === requests ? 0 : 1;
}

/** A copy of the example under another name, on a free port, with a server and a store of its own. */
async function runSmoke(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-smoke-"));
  const application = `smoke-${process.pid}`;
  const port = await freePort();
  cpSync(join(root, "examples", "log-collection"), join(folder, "example"), { recursive: true });
  const file = join(folder, "example", "app.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("name: log-collection", `name: ${application}`).replace("18080", String(port)));
  const place: Place = { file, application, port, env: { ...process.env, OUTRIGGER_DATA_DIR: join(folder, "data") } };
  const faults: string[] = [];
  try {
    if (outrigger(place, "up", "-f", file)) {
      const arrived = await sendAndCollect(place);
      if (arrived.length !== requests) faults.push(`${arrived.length} of ${requests} lines arrived at the sink`);
    } else faults.push("`outrigger up` failed");
  } finally {
    if (!outrigger(place, "down", "-f", file, "--volumes")) faults.push("`outrigger down` failed");
    for (const plugin of ["log-collector", "wait-for"]) {
      if (!outrigger(place, "plugin", "delete", plugin)) faults.push(`\`outrigger plugin delete ${plugin}\` failed`);
    }
    if (!outrigger(place, "server", "--stop")) faults.push("`outrigger server --stop` failed");
    rmSync(folder, { recursive: true, force: true });
  }
  faults.push(...(await engineObjects(`outrigger.default.${application}`)).map((name) => `left behind: ${name}`));
  for (const fault of faults) console.error(`smoke: ${fault}`);
  if (faults.length === 0) console.log(`smoke: ${requests} of ${requests} lines arrived at the sink; nothing is left behind`);
  return faults.length === 0 ? 0 : 1;
}

function outrigger(place: Place, ...words: string[]): boolean {
  console.log(`\n$ ./outrigger ${words.join(" ")}`);
  return spawnSync(join(root, "outrigger"), words, { cwd: root, env: place.env, stdio: "inherit" }).status === 0;
}

/** Sends marked requests to nginx, and returns the marked lines that the sink has received, waiting up to 30 s for them. */
async function sendAndCollect(place: Place): Promise<readonly string[]> {
  const mark = `run-${Date.now().toString(36)}`;
  console.log(`\n$ for i in 1..${requests}: curl http://127.0.0.1:${place.port}/${mark}/$i`);
  for (let number = 1; number <= requests; number += 1)
    await fetch(`http://127.0.0.1:${place.port}/${mark}/${number}`).then((answer) => answer.text());
  console.log(`\n$ ./outrigger logs ${place.application}/sink -c sink | grep ${mark}`);
  let lines: readonly string[] = [];
  for (let tries = 0; tries < 60 && lines.length < requests; tries += 1) {
    await sleep(500);
    const logs = spawnSync(join(root, "outrigger"), ["logs", `${place.application}/sink`, "-c", "sink"], {
      cwd: root,
      env: place.env,
      encoding: "utf8",
    });
    lines = logs.stdout.split("\n").filter((line) => line.includes(`/${mark}/`));
  }
  for (const line of lines) console.log(line);
  return lines;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

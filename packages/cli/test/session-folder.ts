import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { folderWith, outrigger, type Ran } from "./run-outrigger.ts";

/** A user's folder with an app and plug-ins of busybox, for a server of its own; everything in it has one random name. */
export const id: string = randomBytes(3).toString("hex");
export const app: string = `shop-${id}`;
export const folder: Disposable & { readonly path: string } = folderWith();
export const env: Readonly<Record<"OUTRIGGER_DATA_DIR" | "OUTRIGGER_STATE_DIR" | "SHOP_TOKEN", string>> = {
  OUTRIGGER_DATA_DIR: join(folder.path, "data"),
  OUTRIGGER_STATE_DIR: join(folder.path, "state"),
  SHOP_TOKEN: "hush-1",
};
export const port: number = await freePort();

/** A Dockerfile of nothing but busybox and what the shell is to do. */
export function dockerfile(script: string, note = ""): string {
  const command = JSON.stringify(["/bin/busybox", "sh", "-c", script]);
  return `FROM scratch\nCOPY busybox /bin/busybox\nLABEL session=${id} note="${note}"\nCMD ${command}\n`;
}

function plugin(name: string, type: string, script: string, items: string): Readonly<Record<string, string>> {
  return {
    [`plugins/${name}/plugin.yaml`]: `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: ${name}, version: 1.0.0 }
spec:
  layer: pod
  pod: { type: ${type}, source: { dockerfile: {} }, resources: { memory: 16Mi, cpu: 100m } }
  config: [{ group: settings, items: [${items}] }]
`,
    [`plugins/${name}/Dockerfile`]: dockerfile(script, name),
  };
}

export function appYaml(greeting: string): string {
  return `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: ${app} }
spec:
  components:
    - name: web
      build: { context: web }
      env: { GREETING: ${greeting} }
      ports: [{ port: 8080, protocol: http, publish: ${port} }]
      readiness: { tcpSocket: { port: 8080 } }
      resources: { memory: 32Mi }
      terminationGracePeriodSeconds: 1
      plugins:
        - { plugin: first-${id}, values: { settings: { WORD: before } } }
        - { plugin: beside-${id}@1.0.0, values: { settings: { WORD: beside, TOKEN: { fromEnv: SHOP_TOKEN } } } }
`;
}

const stay = "trap 'exit 0' TERM; while :; do /bin/busybox sleep 1 & wait $!; done";

/** An init plug-in and a sidecar that app.yaml names, and one that is installed by hand. */
export function writeProject(): void {
  write({
    "app.yaml": appYaml("hello"),
    "web/Dockerfile": `${dockerfile("").replace(/CMD.*\n/, "")}COPY index.html /www/index.html\nCMD ["/bin/busybox","httpd","-f","-v","-p","8080","-h","/www"]\n`,
    "web/index.html": `page of ${id}\n`,
    ...plugin(`first-${id}`, "init", 'echo "first says $WORD, $GREETING"', "{ name: WORD }"),
    ...plugin(
      `beside-${id}`,
      "general",
      `echo "beside says $WORD, $GREETING, token \${#TOKEN}"; ${stay}`,
      "{ name: WORD }, { name: TOKEN, type: secret }",
    ),
    ...plugin(
      `extra-${id}`,
      "general",
      `echo "extra says $WORD"; ${stay}`,
      "{ name: WORD, default: nothing }, { name: SPEED, type: integer, min: 1, default: 5 }",
    ),
  });
}

/** Writes files into the folder; busybox stands beside each Dockerfile. */
export function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (!name.endsWith("Dockerfile")) continue;
    copyFileSync("/bin/busybox", join(dirname(file), "busybox"));
    chmodSync(join(dirname(file), "busybox"), 0o755);
  }
}

export async function run(...words: readonly string[]): Promise<Ran> {
  return outrigger(words, { cwd: folder.path, env });
}

/** Runs a command that must end with 0; gives all it printed. */
export async function good(...words: readonly string[]): Promise<string> {
  const ran = await run(...words);
  assert.equal(ran.code, 0, `outrigger ${words.join(" ")}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout + ran.stderr;
}

export async function json<T>(...words: readonly string[]): Promise<T> {
  const ran = await run(...words, "-o", "json");
  assert.equal(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout) as T;
}

export function docker(...words: readonly string[]): readonly string[] {
  return execFileSync("docker", words, { encoding: "utf8" }).split("\n").filter(Boolean);
}

/** Ids and names of the containers that the engine has of this session. */
export function containers(): readonly string[] {
  return docker("ps", "-a", "--no-trunc", "--filter", `name=${app}`, "--format", "{{.ID}} {{.Names}}").toSorted();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

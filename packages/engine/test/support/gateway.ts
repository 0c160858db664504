import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Gateway, type GatewayOptions, parseListener, parseUpstream, startGateway } from "../../src/index.ts";

export const engineSocket = "/var/run/docker.sock";
export const image = "debian:bookworm-slim";

/** A name that no other test uses. */
export function unique(prefix = "gateway"): string {
  return `${prefix}-${randomBytes(4).toString("hex")}`;
}

export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-gateway-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly path: string;
  /** As DOCKER_HOST has it. */
  readonly host: string;
}

/** A gateway of the test's own before the real engine; nobody intercepts unless told. */
export async function testGateway(
  context: TestContext,
  options: Partial<GatewayOptions> & { readonly socket?: string } = {},
): Promise<TestGateway> {
  const path = join(temporaryFolder(context), "gateway.sock");
  const host = `unix://${path}`;
  const { socket = engineSocket, ...rest } = options;
  const upstream = parseUpstream(`unix://${socket}`);
  const gateway = await startGateway({ listen: [parseListener(host)], upstream, intercept: () => undefined, ...rest });
  context.after(() => gateway.drain(0));
  return { gateway, path, host };
}

/** Everything that is answered to these bytes until the other side closes, or is quiet for so long. */
export function exchange(path: string, bytes: string | Buffer, quiet = 3000): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ path, allowHalfOpen: true }, () => socket.write(bytes));
    socket.setTimeout(quiet, () => socket.destroy());
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.once("end", () => socket.end());
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? undefined : reject(error),
    );
    socket.once("close", () => resolve(Buffer.concat(parts).toString("latin1")));
  });
}

/** The whole request on a connection of its own: `GET /x`, more header lines, a body. */
export function plainRequest(line: string, headers: readonly string[] = [], body = ""): string {
  return [`${line} HTTP/1.1`, "Host: docker", "Connection: close", ...headers, "", body].join("\r\n");
}

export interface Tap {
  readonly path: string;
  /** What was sent towards the engine, by connection, in the order in which they were opened. */
  readonly sent: () => readonly string[];
}

/** The real engine's socket, with a look at what comes by. */
export async function tapEngine(context: TestContext): Promise<Tap> {
  const path = join(temporaryFolder(context), "tap.sock");
  const seen: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const parts: Buffer[] = [];
    seen.push(parts);
    const engine = connect({ path: engineSocket, allowHalfOpen: true });
    for (const socket of [client, engine]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => [client, engine].map((each) => each.destroy()));
    }
    client.on("data", (part: Buffer) => parts.push(part));
    client.pipe(engine);
    engine.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { path, sent: () => seen.map((parts) => Buffer.concat(parts).toString("latin1")) };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly host?: string;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program to its end; never fails. */
export function run(program: string, args: readonly string[], { host, input, env = {}, cwd }: RunOptions = {}): Promise<Ended> {
  const engine: Record<string, string> = host === undefined ? {} : { DOCKER_HOST: host };
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { env: { ...process.env, ...engine, ...env }, maxBuffer: 256 * 1024 * 1024, ...(cwd === undefined ? {} : { cwd }) },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : null, stdout, stderr }),
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}

/** The docker CLI. */
export function docker(host: string, ...args: string[]): Promise<Ended> {
  return run("docker", args, { host });
}

/** A container that sleeps, gone when the test ends. */
export async function sleeper(
  context: TestContext,
  command: readonly string[] = ["sleep", "600"],
  host: string = `unix://${engineSocket}`,
): Promise<string> {
  const name = unique();
  context.after(() => run("docker", ["rm", "-f", "-v", name], { host }));
  const { code, stderr } = await run("docker", ["run", "-d", "-i", "--name", name, image, ...command], { host });
  if (code !== 0) throw new TypeError(stderr);
  return name;
}

/** A child that runs until the test ends; gives what it has written so far. */
export function background(
  context: TestContext,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly text: () => string } {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
  context.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString();
  });
  return { child: child, text: () => text };
}

/** Waits until the condition holds; fails after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 10_000; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new TypeError(`waited in vain until ${what}`);
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

export interface TestRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly folder: string;
}

export interface TestRegistryOptions {
  /** PEM files. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientAuthority?: string };
  readonly auth?: object;
}

/** User `tester` with the password `open sesame`, for the registry's htpasswd. */
export const tester = { username: "tester", password: "open sesame" };
const testerEntry = "tester:$2b$04$fviN7WRMwqAG4MQbAKDpjeZ0RYrPSEM6xHOx7i2uBho/Cja/IfVQS\n";

/** Debian's docker-registry on a free port of loopback; gone when the test ends. */
export async function startRegistry(context: TestContext, options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-registry-"));
  const tls = options.tls === undefined ? {} : { tls: tlsOf(options.tls) };
  const config = {
    version: "0.1",
    log: { level: "info" },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
    http: { addr: "127.0.0.1:0", secret: "of one test", ...tls },
    ...(options.auth === undefined ? {} : { auth: options.auth }),
  };
  writeFileSync(join(folder, "config.yml"), JSON.stringify(config));
  const registry = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: ["ignore", "ignore", "pipe"] });
  context.after(async () => {
    const ended = once(registry, "exit");
    if (registry.exitCode === null && registry.kill("SIGKILL")) await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  return { host: await addressOf(registry), folder };
}

/** Basic authorisation for {@link tester}. */
export function basicAuth(folder: string): object {
  const path = join(folder, "htpasswd");
  writeFileSync(path, testerEntry);
  return { htpasswd: { realm: "test", path } };
}

function tlsOf({ certificate, key, clientAuthority }: NonNullable<TestRegistryOptions["tls"]>): object {
  return { certificate, key, ...(clientAuthority === undefined ? {} : { clientcas: [clientAuthority] }) };
}

/** The registry tells in its log where it listens. */
async function addressOf(registry: ChildProcess): Promise<string> {
  if (registry.stderr === null) throw new TypeError("docker-registry has no log");
  const lines: string[] = [];
  const log = createInterface(registry.stderr);
  for await (const line of log) {
    lines.push(line);
    const [, address] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (address === undefined) continue;
    registry.stderr.on("error", () => {}).resume();
    return address;
  }
  throw new TypeError(`docker-registry does not run:\n${lines.join("\n")}`);
}

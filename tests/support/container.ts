import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { execute, type Result, root } from "./sandbox.ts";

/** Runs Docker's own command line. */
export function docker(...words: string[]): Promise<Result> {
  return execute("docker", words, root, { DOCKER_BUILDKIT: "0" });
}

const endings = new WeakMap<TestContext, (() => Promise<unknown>)[]>();

/** Does it when the test ends, the last one first: a network goes after the containers that are in it. */
export function atEnd(context: TestContext, task: () => Promise<unknown>): void {
  const tasks = endings.get(context);
  if (tasks !== undefined) {
    tasks.push(task);
    return;
  }
  const first = [task];
  endings.set(context, first);
  context.after(async () => {
    for (const each of first.toReversed()) await each();
  });
}

/** A volume of the test's own, made with the given options of `docker volume create`; gone when the test ends. */
export async function testVolume(context: TestContext, ...options: string[]): Promise<string> {
  const name = `outrigger-test-${randomBytes(4).toString("hex")}`;
  const { code, stderr } = await docker("volume", "create", ...options, name);
  if (code !== 0) throw new TypeError(`docker volume create: ${stderr}`);
  atEnd(context, () => docker("volume", "rm", "--force", name));
  return name;
}

/** Builds a folder of the checkout as an image; it stays on the engine, as the cache of the next build. @returns its name */
export function builtImage(folder: string): Promise<string> {
  const image = images.get(folder) ?? buildImage(folder);
  images.set(folder, image);
  return image;
}

const images = new Map<string, Promise<string>>();

async function buildImage(folder: string): Promise<string> {
  const name = folder.split("/").at(-1) ?? "";
  const image = `outrigger-test/${name}:1`;
  const network = process.env["OUTRIGGER_BUILD_NETWORK"] ?? "default";
  const { code, stdout, stderr } = await docker("build", "--quiet", "--network", network, "--tag", image, join(root, folder));
  if (code !== 0) throw new TypeError(`docker build ${folder}: ${stdout}${stderr}`);
  return image;
}

/** A network of the test's own, gone when it ends. */
export interface TestNetwork {
  readonly name: string;
  /** The host's address in it. */
  readonly gateway: string;
}

export async function testNetwork(context: TestContext): Promise<TestNetwork> {
  const name = `outrigger-test-${randomBytes(4).toString("hex")}`;
  const made = await docker("network", "create", name);
  if (made.code !== 0) throw new TypeError(`docker network create: ${made.stderr}`);
  atEnd(context, () => docker("network", "rm", name));
  const { stdout } = await docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name);
  const gateway = stdout.trim();
  const isThere = (): boolean => Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === gateway));
  for (let tries = 0; tries < 50 && !isThere(); tries += 1) await sleep(100);
  return { name, gateway };
}

export interface TestContainer {
  readonly id: string;
  /** Absent where it shares another's network. */
  readonly address: string;
  readonly logs: () => Promise<string>;
  readonly run: (...words: string[]) => Promise<Result>;
}

/** Starts a container that is gone when the test ends. The last words are the image and its command. */
export async function started(context: TestContext, ...words: string[]): Promise<TestContainer> {
  const { code, stdout, stderr } = await docker("run", "--detach", "--label", "dev.outrigger.test=1", ...words);
  const id = stdout.trim().split("\n").at(-1) ?? "";
  if (id !== "") atEnd(context, () => docker("rm", "--force", "--volumes", id));
  if (code !== 0) throw new TypeError(`docker run ${words.join(" ")}: ${stderr}`);
  const { stdout: address } = await docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", id);
  return {
    id,
    address: address.trim(),
    logs: async () => {
      const { stdout: out, stderr: err } = await docker("logs", id);
      return out + err;
    },
    run: (...command) => docker("exec", id, ...command),
  };
}

/** Asks again until the answer is there; fails with what it was for after `limit` milliseconds. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, limit = 20_000): Promise<T> {
  const deadline = Date.now() + limit;
  let last: unknown = "no answer";
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new DOMException(`waited ${limit} ms in vain: ${what} (${String(last)})`, "TimeoutError");
}

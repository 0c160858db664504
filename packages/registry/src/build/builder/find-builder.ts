import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** A program that builds Dockerfiles. */
export interface Builder {
  readonly kind: "docker" | "buildctl" | "buildah";
  /** For messages. */
  readonly title: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** BuildKit beside an engine (buildx) keeps what it builds unless told otherwise. */
  readonly load: boolean;
}

const execute = promisify(execFile);

/** The first that is there and answers: a Docker Engine (a client with BuildKit before one without), buildctl, buildah. */
export async function findBuilder(): Promise<Builder | undefined> {
  const clients = await Promise.all(inPath("docker").map(dockerClient));
  const found = clients.filter((client) => client !== undefined);
  const docker = found.find(({ title }) => title.includes("BuildKit")) ?? found[0];
  if (docker !== undefined) return docker;
  for (const program of inPath("buildctl")) {
    if ((await answer(program, ["debug", "workers"])) === undefined) continue;
    return { kind: "buildctl", title: "BuildKit (buildctl)", program, env: {}, load: false };
  }
  for (const program of inPath("buildah")) {
    if ((await answer(program, ["--version"])) === undefined) continue;
    return { kind: "buildah", title: "buildah", program, env: {}, load: false };
  }
  return undefined;
}

async function dockerClient(program: string): Promise<Builder | undefined> {
  const versions = await answer(program, ["version", "--format", "{{.Client.Version}} {{.Server.Version}}"]);
  const [client = "", server = ""] = versions?.split(" ") ?? [];
  if (server === "") return undefined;
  const kind = "docker";
  if ((await answer(program, ["buildx", "version"])) !== undefined) {
    return { kind, title: `the Docker Engine ${server} (BuildKit)`, program, env: {}, load: true };
  }
  // Clients before 23 speak BuildKit themselves; later ones only with buildx, and without it the engine's old builder is left.
  const own = Number.parseInt(client, 10) < 23;
  const title = own ? `the Docker Engine ${server} (BuildKit)` : `the Docker Engine ${server}`;
  return { kind, title, program, env: { DOCKER_BUILDKIT: own ? "1" : "0" }, load: false };
}

async function answer(program: string, words: readonly string[]): Promise<string | undefined> {
  try {
    return (await execute(program, [...words], { timeout: 10_000 })).stdout.trim();
  } catch {
    return undefined;
  }
}

function inPath(name: string): readonly string[] {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

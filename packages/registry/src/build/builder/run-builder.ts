import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { registryErrors } from "../../errors.ts";
import { openDockerArchive } from "../../layers/docker-archive.ts";
import { flattenImage } from "../../layers/flatten-image.ts";
import { ownPlatform } from "../../manifests.ts";
import type { DockerfileRequest } from "../build-dockerfile.ts";
import type { ImageFiles } from "../image-files.ts";
import { imageFiles } from "../open-image.ts";
import { type Builder, findBuilder } from "./find-builder.ts";

/** Builds a Dockerfile with a builder of this machine. `because`: what we can't do ourselves. @throws builder-missing, builder-failed */
export async function buildWithBuilder(request: DockerfileRequest, because: string): Promise<ImageFiles> {
  const builder = await findBuilder();
  if (builder === undefined) throw registryErrors["builder-missing"]({ file: request.file, because });
  request.say(`${request.file} is built by ${builder.title}: it has ${because}.`);
  const folder = await mkdtemp(join(tmpdir(), "outrigger-image-"));
  const image = `outrigger.local/build/${randomBytes(8).toString("hex")}:latest`;
  try {
    const file = join(folder, "image.tar");
    try {
      for (const words of commandsOf(builder, request, image, file)) {
        await run(builder, words, { ...builder.env, ...argumentsAsEnv(builder, request) }, request, request.say);
      }
    } finally {
      if (builder.kind !== "buildctl")
        await run(
          builder,
          [builder.kind === "docker" ? "image" : "rmi", ...(builder.kind === "docker" ? ["rm"] : []), image],
          builder.env,
          request,
          () => {},
        ).catch(() => {});
    }
    const opened = await openBuilt(file, request.architecture);
    const close = async (): Promise<void> => {
      await opened.tree.close();
      await rm(folder, { recursive: true, force: true });
    };
    return { ...opened, tree: { ...opened.tree, close } };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function openBuilt(file: string, architecture: string): Promise<ImageFiles> {
  const archive = await openDockerArchive(file);
  try {
    const [image] = archive.list();
    const name = image?.names[0] ?? image?.digest ?? "";
    const { tree, config } = imageFiles(await flattenImage(archive, name, { platform: { os: "linux", architecture } }));
    const close = async (): Promise<void> => {
      await tree.close();
      await archive.close();
    };
    return { config, tree: { ...tree, close } };
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** Build arguments go by the environment where they can: other users of the machine see a command's words. */
function argumentsAsEnv({ kind }: Builder, { args }: DockerfileRequest): Readonly<Record<string, string>> {
  return kind === "buildctl" ? {} : args;
}

function commandsOf(
  builder: Builder,
  { context, file, args, target, architecture }: DockerfileRequest,
  image: string,
  output: string,
): readonly (readonly string[])[] {
  const platform = architecture === ownPlatform().architecture ? [] : [`linux/${architecture}`];
  if (builder.kind === "buildctl") {
    const options = {
      filename: basename(file),
      ...(target === undefined ? {} : { target }),
      ...(platform[0] === undefined ? {} : { platform: platform[0] }),
      ...Object.fromEntries(Object.entries(args).map(([name, value]) => [`build-arg:${name}`, value])),
    };
    const words = Object.entries(options).flatMap(([name, value]) => ["--opt", `${name}=${value}`]);
    const locals = ["--local", `context=${context}`, "--local", `dockerfile=${dirname(file)}`];
    return [["build", "--progress", "plain", "--frontend", "dockerfile.v0", ...locals, ...words, "--output", `type=oci,dest=${output}`]];
  }
  const common = [
    ...["--tag", image, "--file", file],
    ...(target === undefined ? [] : ["--target", target]),
    ...platform.flatMap((each) => ["--platform", each]),
    ...Object.keys(args).flatMap((name) => ["--build-arg", name]),
    context,
  ];
  if (builder.kind === "buildah") {
    return [
      ["bud", ...common],
      ["push", image, `oci-archive:${output}:image`],
    ];
  }
  return [
    ["build", ...(builder.load ? ["--load"] : []), ...common],
    ["save", "--output", output, image],
  ];
}

const keptLines = 20;

async function run(
  builder: Builder,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  request: DockerfileRequest,
  say: (line: string) => void,
): Promise<void> {
  const child = spawn(builder.program, [...words], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const last: string[] = [];
  const ended = Promise.withResolvers<string | undefined>();
  child.once("error", (error) => ended.resolve(error.message));
  child.once("close", (code, signal) => ended.resolve(code === 0 ? undefined : `it ended with ${signal ?? code}`));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      say(line);
      last.push(line);
      if (last.length > keptLines) last.shift();
    });
  }
  const reason = await ended.promise;
  if (reason === undefined) return;
  const file = relative(process.cwd(), request.file) || request.file;
  throw registryErrors["builder-failed"]({ builder: builder.title, file, reason, log: last.join("\n") });
}

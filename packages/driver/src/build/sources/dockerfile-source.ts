import { buildDockerfile, type ImageRun } from "@outrigger/registry";
import type { ImageDefaults } from "../../config/of-manifest.ts";
import type { OpenedSource, SourceContext } from "./opened-source.ts";

export interface DockerfilePlace {
  readonly context: string;
  readonly file: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** What a Dockerfile makes. @throws those of `buildDockerfile` */
export async function dockerfileSource(place: DockerfilePlace, context: SourceContext): Promise<OpenedSource> {
  const { architecture, openImage, say } = context;
  const target = context.target ?? place.target;
  const args = { ...place.args, ...context.buildArgs };
  const { tree, config } = await buildDockerfile({
    ...place,
    args,
    ...(target === undefined ? {} : { target }),
    architecture,
    openImage,
    say,
  });
  return { tree, image: defaultsOf(config), ...(config.architecture === undefined ? {} : { architecture: config.architecture }) };
}

/** What an image says of how it is run, as a driver takes it over. */
export function defaultsOf({ entrypoint, cmd, env, workdir }: ImageRun): ImageDefaults {
  return { entrypoint: [...entrypoint, ...cmd], env, workdir };
}

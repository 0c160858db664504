import type { OpenedSource, SourceContext } from "./opened-source.ts";

/** An image's files; its entry point, variables and working directory count where the author says nothing. */
export async function imageSource(reference: string, { architecture, openImage }: SourceContext): Promise<OpenedSource> {
  const { tree, config } = await openImage(reference, architecture);
  const image = { entrypoint: [...config.entrypoint, ...config.cmd], env: config.env, workdir: config.workdir };
  return { tree, image, ...(config.architecture === undefined ? {} : { architecture: config.architecture }) };
}

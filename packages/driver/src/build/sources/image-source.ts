import { defaultsOf } from "./dockerfile-source.ts";
import type { OpenedSource, SourceContext } from "./opened-source.ts";

/** An image's files; its entry point, variables and working directory count where the author says nothing. */
export async function imageSource(reference: string, { architecture, openImage }: SourceContext): Promise<OpenedSource> {
  const { tree, config } = await openImage(reference, architecture);
  return { tree, image: defaultsOf(config), ...(config.architecture === undefined ? {} : { architecture: config.architecture }) };
}

import { filePiece, treeOfPieces } from "@outrigger/registry";
import { driverErrors } from "../../errors.ts";
import { bundleDriver } from "../node/bundle.ts";
import { type NodeRuntimeOptions, nodeRuntime, programPieces } from "../node/runtime.ts";
import type { OpenedSource } from "./opened-source.ts";

/**
 * A module as a driver: bundled to one file, beside a Node runtime.
 *
 * @param programs of this machine, which it runs
 * @throws bundle-failed, node-unusable, program-unusable
 */
export async function nodeSource(
  entry: string,
  architecture: string,
  options: NodeRuntimeOptions = {},
  programs: readonly string[] = [],
): Promise<OpenedSource> {
  const beside = programs.flatMap((program) => programPieces(program, architecture));
  const { name, text } = await bundleDriver(entry);
  const runtime = await nodeRuntime(options);
  if (runtime.architecture !== architecture) {
    await runtime.close();
    const program = options.binary ?? process.execPath;
    throw driverErrors["node-unusable"]({ program, reason: `it is for ${runtime.architecture}, not for ${architecture}` });
  }
  const tree = treeOfPieces([...beside, ...runtime.pieces, filePiece(name, text)], runtime.close);
  return { tree, architecture, image: { entrypoint: ["/node", `/${name}`], env: [], workdir: "" } };
}

import { driverErrors } from "../../errors.ts";
import type { DockerfileRequest } from "./dockerfile-source.ts";
import type { OpenedSource, SourceContext } from "./opened-source.ts";

/** Builds a Dockerfile with a builder of this machine. `because`: what we can't do ourselves. @throws builder-missing, builder-failed */
export async function buildWithBuilder(request: DockerfileRequest, because: string, _context: SourceContext): Promise<OpenedSource> {
  throw driverErrors["builder-missing"]({ file: request.file, because });
}

import { driverErrors } from "../../errors.ts";
import type { Piece } from "../pieces.ts";
import { programFiles } from "./libraries.ts";
import { hostPiece } from "./runtime.ts";

/** Programs of this machine at their own places, with their loader and libraries. @throws node-unusable */
export function programPieces(programs: readonly string[], architecture: string): readonly Piece[] {
  return programs.flatMap((path) => {
    const { program, interpreter, libraries, libraryFolder } = programFiles(path);
    if (program.architecture !== architecture) {
      throw driverErrors["node-unusable"]({ program: path, reason: `it is for ${program.architecture}, not for ${architecture}` });
    }
    const loader = interpreter === undefined ? [] : [hostPiece(interpreter, interpreter)];
    const shared = [...libraries].map(([name, file]) => hostPiece(`${libraryFolder}/${name}`, file));
    return [hostPiece(path, path), ...loader, ...shared];
  });
}

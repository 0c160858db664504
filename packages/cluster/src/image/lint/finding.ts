import type { Problem } from "@outrigger/plugin";

/** What is wrong with a cluster image. `error`: it can't work. `warning`: it works, but not as it reads. */
export interface ImageFinding extends Problem {
  readonly severity: "error" | "warning";
}

/** A finding about a file of the rootfs as a whole, or at one of its lines. */
export function finding(
  severity: ImageFinding["severity"],
  file: string,
  message: string,
  hint: string,
  { line = 0, code = "wrong-value" }: { readonly line?: number; readonly code?: Problem["code"] } = {},
): ImageFinding {
  return { severity, file, line, column: line === 0 ? 0 : 1, path: "", code, message, hint };
}

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Problem, wordsOf } from "@outrigger/plugin";
import { driverErrors } from "../../errors.ts";

/**
 * Makes one CommonJS file of a module and all that it imports. CommonJS starts a little sooner than an ES module, but has no top-level `await`: with one of
 * those it becomes an ES module. Neither has source maps, so nothing names folders of the machine it was built on.
 *
 * @returns the file's name beside its text: `driver.cjs` or `driver.mjs`
 * @throws bundle-failed
 */
export async function bundleDriver(entry: string): Promise<{ readonly name: string; readonly text: Uint8Array }> {
  try {
    return { name: "driver.cjs", text: await bundle(entry, "cjs") };
  } catch (error) {
    if (!usesModules(error)) throw failed(entry, error);
  }
  try {
    return { name: "driver.mjs", text: await bundle(entry, "esm") };
  } catch (error) {
    throw failed(entry, error);
  }
}

async function bundle(entry: string, format: "cjs" | "esm"): Promise<Uint8Array> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: resolve(entry, ".."),
    entryPoints: [resolve(entry)],
    outfile: "driver",
    write: false,
    bundle: true,
    minify: true,
    // Names of classes and functions are what a driver's own logs say.
    keepNames: true,
    format,
    platform: "node",
    nodePaths: ownModules(),
    target: "node24",
    legalComments: "none",
    logLevel: "silent",
    logOverride: { "empty-import-meta": "error" },
    ...(format === "esm" ? { banner: { js: requireForLibraries } } : {}),
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** Where this program's own SDK lies: a driver that stands alone is bundled with it. What is installed beside the driver comes first. */
function ownModules(): string[] {
  const folders: string[] = [];
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(join(modules, "@outrigger", "sdk"))) folders.push(modules);
  }
  return folders;
}

/** Libraries that are CommonJS ask for it. */
const requireForLibraries = 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

interface BuildMessage {
  readonly text: string;
  readonly id?: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number } | null;
}

function messagesOf(error: unknown): readonly BuildMessage[] {
  return typeof error === "object" && error !== null && "errors" in error && Array.isArray(error.errors) ? error.errors : [];
}

/** True for a module that only an ES module can be: it has a top-level `await`, or asks for `import.meta`. */
function usesModules(error: unknown): boolean {
  const messages = messagesOf(error);
  return messages.length > 0 && messages.every(({ text }) => /Top-level await|import\.meta/.test(text));
}

function failed(entry: string, error: unknown): Error {
  const problems = messagesOf(error).map(
    ({ text, location }): Problem => ({
      file: location?.file ?? entry,
      line: location?.line ?? 0,
      column: location === null || location === undefined ? 0 : location.column + 1,
      path: "",
      code: "unknown-reference",
      message: text,
    }),
  );
  const reason =
    problems.length > 0 ? `esbuild finds ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}` : wordsOf(error);
  return driverErrors["bundle-failed"]({ entry, reason }, { problems, cause: error });
}

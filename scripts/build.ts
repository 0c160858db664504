import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** Makes one installable npm package per room under dist/packages: JavaScript, types, and a package.json that points at them. */
const root = join(import.meta.dirname, "..");
const compiled = join(root, "dist", "compiled");
const target = join(root, "dist", "packages");
/** What the command brings along: the catalogue and the editors' schemas. */
const shipped = ["plugins", "schemas"];
/** What rooms have beside their sources that their packages need. */
const besides: Readonly<Record<string, readonly string[]>> = { driver: ["systemd"], engine: ["runtime", "systemd"] };
interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});

for (const room of readdirSync(compiled)) {
  const folder = join(target, room);
  mkdirSync(folder, { recursive: true });
  cpSync(join(compiled, room, "src"), join(folder, "lib"), { recursive: true });
  const source = JSON.parse(readFileSync(join(root, "packages", room, "package.json"), "utf8")) as PackageFile;
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(installable(room, source), null, 2)}\n`);
  for (const file of ["LICENSE", "README.md"]) cpSync(join(root, file), join(folder, file));
  for (const program of Object.values(source.bin ?? {})) chmodSync(join(folder, toJavaScript(program)), 0o755);
  for (const beside of besides[room] ?? []) cpSync(join(root, "packages", room, beside), join(folder, beside), { recursive: true });
  if (source.bin !== undefined) {
    await bundle(room, Object.values(source.bin), join(folder, "lib"));
    for (const extra of shipped)
      cpSync(join(root, extra), join(folder, extra), { recursive: true, filter: (path) => !path.includes("/test") });
  }
  console.log(`built dist/packages/${room} (${source.name} ${source.version})`);
}
rmSync(compiled, { recursive: true });

/** The program and all it loads in few files without dead code: it starts sooner, and the idle server needs two thirds of the memory. */
async function bundle(room: string, commands: readonly string[], outdir: string): Promise<void> {
  await build({
    entryPoints: commands.map((program) => join(root, "packages", room, program)),
    outdir,
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // What can't be bundled, a program of its own and a library with a native part; they come with the rooms that use them.
    external: ["esbuild", "ssh2"],
    chunkNames: "[name]-[hash]",
    legalComments: "linked",
    // Libraries that are CommonJS ask for these three.
    banner: {
      js: [
        'import { createRequire as makeRequire } from "node:module";',
        "const require = makeRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;",
      ].join(""),
    },
  });
}

function installable(room: string, source: PackageFile): object {
  const exports = Object.entries(source.exports ?? {}).map(([name, path]) => {
    const script = toJavaScript(path);
    if (script === path) return [name, path] as const;
    return [name, { types: script.replace(/\.js$/, ".d.ts"), default: script }] as const;
  });
  const bin = Object.entries(source.bin ?? {}).map(([name, path]) => [name, toJavaScript(path)] as const);
  return {
    ...source,
    exports: Object.fromEntries(exports),
    ...(bin.length === 0 ? {} : { bin: Object.fromEntries(bin) }),
    files: ["lib", ...(source.bin === undefined ? [] : shipped), ...(besides[room] ?? [])],
  };
}

/** `./src/index.ts` -> `./lib/index.js` */
function toJavaScript(path: string): string {
  return path.replace(/^\.\/src\//, "./lib/").replace(/\.ts$/, ".js");
}

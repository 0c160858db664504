import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { type HostParts, ociRuntime, type PackageAccess, type PluginConfig, rootFolder, usualTimes } from "@outrigger/driver";
import { type ImageReference, parseImageReference } from "@outrigger/plugin";
import { pluginConfig } from "./plugin-config.ts";

/** A package's parts before they are a package. */
export interface PackageParts {
  readonly config: PluginConfig;
  readonly files?: Readonly<Record<string, string>>;
}

const nodeFolder = dirname(realpathSync(process.execPath));
const bind = (name: string, source: string, destination: string) => ({
  Name: name,
  Description: "",
  Settable: null,
  Source: source,
  Destination: destination,
  Type: "bind",
  Options: ["rbind", "ro"],
});

/** The volume driver of this folder, run by this machine's Node and libraries. */
export function volumeDriver(given: Partial<PluginConfig> = {}): PackageParts {
  const env = (Name: string, Value: string) => ({ Name, Description: "", Settable: ["value"], Value });
  return {
    config: pluginConfig({
      Entrypoint: ["/node/node", "/driver.ts"],
      Env: [env("MODE", ""), env("GREETING", "hello")],
      Mounts: [
        bind("usr", "/usr", "/usr"),
        bind("lib", "/lib", "/lib"),
        bind("lib64", "/lib64", "/lib64"),
        bind("node", nodeFolder, "/node"),
      ],
      PropagatedMount: "/data",
      ...given,
    }),
  };
}

/** Packages that exist only in a test, found by their names; unpacked by copying. */
export function packagesFor(packages: Readonly<Record<string, PackageParts>>): PackageAccess {
  const find = (name: string): PackageParts => {
    const found = packages[name];
    if (found === undefined) throw Object.assign(new Error(`no ${name}`), { code: "manifest-unknown" });
    return found;
  };
  const contents = new Map<string, Buffer>();
  const layers = new Map<string, PackageParts>();
  const put = (mediaType: string, text: string) => {
    const bytes = Buffer.from(text);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    contents.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  return {
    open: async ({ reference }) => ({
      name: reference.repository,
      manifest: async (tag) => {
        const parts = find(`${reference.repository}:${tag}`);
        const config = put("application/vnd.docker.plugin.v1+json", JSON.stringify(parts.config));
        const layer = put("application/vnd.docker.image.rootfs.diff.tar.gzip", `${reference.repository}:${tag}`);
        layers.set(layer.digest, parts);
        const text = JSON.stringify({ schemaVersion: 2, config, layers: [layer] });
        return { descriptor: put("application/vnd.docker.distribution.manifest.v2+json", text), bytes: Buffer.from(text) };
      },
      blob: async function* ({ digest }) {
        yield contents.get(digest) ?? Buffer.alloc(0);
      },
    }),
    requireTrusted: async () => {},
    keep: async ({ source }) => source,
    forget: async () => {},
    unpack: async (_source, [layer], folder) => {
      for (const inside of ["run/docker/plugins", "data", "tmp", "usr", "lib", "lib64", "node"])
        mkdirSync(join(folder, inside), { recursive: true });
      cpSync(join(import.meta.dirname, "volume-driver.ts"), join(folder, "driver.ts"));
      for (const [path, text] of Object.entries(layers.get(layer?.digest ?? "")?.files ?? {})) writeFileSync(join(folder, path), text);
    },
  };
}

export interface TestHost {
  readonly parts: HostParts;
  readonly folder: string;
  /** Where sockets are published. */
  readonly published: string;
}

/** The parts of a host whose root is a temporary folder; what runs in it ends with the test. */
export function hostParts(context: Pick<TestContext, "after">, access: PackageAccess, given: Partial<HostParts> = {}): TestHost {
  const folder = mkdtempSync(join(tmpdir(), "od-"));
  const root = rootFolder(join(folder, "root"));
  const published = join(folder, "plugins");
  const runtime = given.runtime ?? ociRuntime(root.runtime, undefined);
  context.after(() => cleanUp(folder, root.runtime, runtime.program));
  const parts: HostParts = {
    root,
    runtime,
    access,
    publish: [published],
    logging: join(folder, "logging"),
    metrics: join(folder, "metrics.sock"),
    times: { ...usualTimes, start: 8_000 },
    callLimit: 60_000,
    patience: 5_000,
    endLimit: 5_000,
    log: () => {},
    ...given,
  };
  return { parts, folder, published };
}

/** Ends what still runs, takes mounts away, removes everything. */
export function cleanUp(folder: string, runtimeState: string, program: string): void {
  const script = [
    'for state in "$2"/*/; do [ -d "$state" ] && "$3" --root "$2" delete --force "$(basename "$state")"; done',
    "for tries in 1 2 3; do awk '{ print $5 }' /proc/self/mountinfo | grep \"^$1/\" | tac | xargs -r -n 1 umount --lazy; done",
  ].join("\n");
  try {
    execFileSync("/bin/sh", ["-c", script, "clean-up", folder, runtimeState, program], { stdio: "ignore" });
  } catch {
    // Nothing was left.
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** A request for a package of {@link packagesFor}, with everything granted. */
export function wanted(name: string): { readonly reference: ImageReference } {
  const reference = parseImageReference(name);
  if (reference === undefined) throw new Error(name);
  return { reference: { ...reference, repository: reference.repository.replace(/^library\//, "") } };
}

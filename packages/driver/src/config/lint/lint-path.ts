import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileTree } from "@outrigger/registry";
import { descriptionIn, filesAt } from "../../build/sources/folder-source.ts";
import { tarSource } from "../../build/sources/tar-source.ts";
import { driverErrors } from "../../errors.ts";
import { completeConfig, type Description, descriptionWarnings, placeIn, readDescription } from "../description.ts";
import type { Finding } from "./finding.ts";
import { lintDriver } from "./lint.ts";

/**
 * Lints what lies on disk, without building anything: a folder, its config.json or plugin.yaml alone, or a plug-in's tar. Files are looked at where they are
 * there already; what an image, a Dockerfile or a module brings is known when it is built.
 *
 * @throws driver-description-missing, driver-config-invalid, manifest-invalid
 */
export async function lintPath(path: string, architecture: string): Promise<readonly Finding[]> {
  if (!existsSync(path)) throw driverErrors["driver-source-unknown"]({ source: path, reason: "it is not there" });
  const { description, tree } = await opened(path, architecture);
  try {
    if (description === undefined) throw driverErrors["driver-description-missing"]({ source: path });
    const config = completeConfig(description, broughtBy(description));
    const dropped = descriptionWarnings(description).map((problem): Finding => ({ severity: "warning", ...problem }));
    const place = placeIn(description);
    return [...dropped, ...(await lintDriver({ config, place, architecture, ...(tree === undefined ? {} : { rootfs: tree }) }))];
  } finally {
    await tree?.close();
  }
}

async function opened(
  path: string,
  architecture: string,
): Promise<{ readonly description?: Description | undefined; readonly tree?: FileTree }> {
  if (statSync(path).isDirectory()) {
    const description = descriptionIn(path);
    const named = description?.kind === "manifest" ? description.manifest.spec.driver.source.rootfs : "rootfs";
    if (named === undefined) return { description };
    const rootfs = [`${named}-${architecture}`, named, `${named}.tar`].map((name) => join(path, name)).find((each) => existsSync(each));
    return { description, ...(rootfs === undefined ? {} : { tree: await filesAt(rootfs) }) };
  }
  if (/\.(?:json|ya?ml)$/.test(path)) return { description: readDescription(readFileSync(path, "utf8"), path) };
  const openImage = (): never => {
    throw driverErrors["driver-source-unknown"]({ source: path, reason: "it is no plug-in's tar" });
  };
  return tarSource(path, undefined, { architecture, openImage, say: () => undefined });
}

/** Stands for the entry point that only a build brings. */
function broughtBy(
  description: Description,
): { readonly entrypoint: readonly string[]; readonly env: readonly string[]; readonly workdir: string } | undefined {
  if (description.kind !== "manifest" || description.manifest.spec.driver.entrypoint !== undefined) return undefined;
  return { entrypoint: ["/known-when-built"], env: [], workdir: "" };
}

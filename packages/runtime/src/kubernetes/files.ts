import { createHash } from "node:crypto";
import { type Container, type DiscoveryDocument, type DiscoveryFile, type Pod, renderFile } from "@outrigger/pod";
import type { KubernetesObject } from "./container.ts";

/*
 * Kept files are a Secret for each plug-in, mounted over the files' directories. What is in it is what the settings were when it was rendered: nothing
 * here follows their changes, or knows the texts of secrets and facts. Files that need those are left out, and the Secret's annotation names them.
 */

/** Name of the Secret with a plug-in's kept files. */
export function filesSecretName(pod: Pod, plugin: string): string {
  return `${pod.name}-${plugin}-files`;
}

interface Directory {
  readonly path: string;
  /** Name of the volume that is mounted there. */
  readonly volume: string;
  readonly files: readonly DiscoveryFile[];
}

function directoriesOf(pod: Pick<Pod, "discovery">, { name, fileDirectories = [] }: Container): readonly Directory[] {
  const files = pod.discovery[name]?.files ?? [];
  return fileDirectories.map((path) => ({
    path,
    volume: volumeOf(name, path),
    files: files.filter((file) => file.path.startsWith(`${path}/`)),
  }));
}

function volumeOf(plugin: string, directory: string): string {
  return `files-${createHash("sha256").update(`${plugin} ${directory}`).digest("hex").slice(0, 12)}`;
}

export function fileMounts({ name, fileDirectories = [] }: Container): readonly KubernetesObject[] {
  return fileDirectories.map((path) => ({ name: volumeOf(name, path), mountPath: path, readOnly: true }));
}

/** The pod's volumes that hold kept files. */
export function fileVolumes(pod: Pod): readonly KubernetesObject[] {
  return pod.containers.flatMap((container) =>
    directoriesOf(pod, container).map(({ path, volume, files }) => ({
      name: volume,
      secret: {
        secretName: filesSecretName(pod, container.name),
        optional: true,
        ...(files.length === 0
          ? {}
          : {
              items: files.map((file) => ({
                key: keyOf(file),
                path: file.path.slice(path.length + 1),
                mode: Number.parseInt(file.mode, 8),
              })),
            }),
      },
    })),
  );
}

/** The Secrets with the texts of kept files. */
export function fileSecrets(
  pod: Pod,
  metadata: (name: string, annotations: Readonly<Record<string, string>>) => KubernetesObject,
): readonly object[] {
  return pod.containers.flatMap((container) => {
    const files = directoriesOf(pod, container).flatMap((directory) => directory.files);
    if (files.length === 0) return [];
    const texts = files.flatMap((file) => {
      const { document } = file;
      return isPlain(document) ? [[keyOf(file), renderFile(file, document)] as const] : [];
    });
    const missing = files.filter(({ document }) => !isPlain(document)).map(keyOf);
    const annotations: Readonly<Record<string, string>> = missing.length === 0 ? {} : { "outrigger.dev/keys": missing.sort().join(",") };
    return [
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: metadata(filesSecretName(pod, container.name), annotations),
        type: "Opaque",
        ...(texts.length === 0 ? {} : { stringData: Object.fromEntries(texts) }),
      },
    ];
  });
}

/** A file's key in its Secret: its path with what a key may not have replaced, and told apart by a digest. */
function keyOf({ path }: DiscoveryFile): string {
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 8);
  return `${path
    .slice(1)
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .slice(0, 200)}-${digest}`;
}

/** True where all options are texts, without secrets and facts. */
function isPlain(document: DiscoveryDocument): document is DiscoveryDocument<string> {
  const parts = [document.base_normal, ...document.base_ports, ...document.base_services];
  return parts.every(({ options }) => Object.values(options).every((option) => typeof option === "string"));
}

import { nearest } from "@outrigger/plugin";
import { type FileTree, treeFiles } from "@outrigger/registry";
import type { ClusterImageKind } from "../cluster-image.ts";
import { authListName } from "../lite/image-lists.ts";
import { documentPath, pluginEntries, pluginFolders, textOf } from "../plugin-files.ts";
import { finding, type ImageFinding } from "./finding.ts";

/** Scripts that the runner starts by their names. */
export const scriptNames = ["init", "create", "join", "join-token", "ready", "leave", "clean", "upgrade", "rollback"] as const;

/** What lies where in a rootfs. */
export async function layoutFindings(tree: FileTree, kind: ClusterImageKind): Promise<readonly ImageFinding[]> {
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const findings: ImageFinding[] = [];
  const has = (path: string): boolean => byPath.has(path);
  if (kind === "cluster" && !has("scripts/create.sh")) {
    const hint = "Write it (docs/cluster-images.md), or build with --type application where the image brings no cluster.";
    findings.push(
      finding("error", "scripts/create.sh", "It is missing: nothing says how the cluster is created on the first master.", hint, {
        code: "missing-key",
      }),
    );
  }
  for (const path of byPath.keys()) {
    const [, name] = /^scripts\/([^/]+)\.sh$/.exec(path) ?? [];
    const meant = name === undefined || scriptNames.some((each) => each === name) ? undefined : nearest(name, scriptNames);
    if (meant === undefined || has(`scripts/${meant}.sh`)) continue;
    findings.push(
      finding("warning", path, "No step runs a script of this name.", `Did you mean ${meant}.sh?`, { code: "unknown-reference" }),
    );
  }
  for (const folder of pluginFolders) {
    const entry = byPath.get(folder);
    if (entry !== undefined && entry.kind !== "directory") {
      findings.push(
        finding("error", folder, `It is no folder, but a ${entry.kind}.`, `COPY into ${folder}/, with the slash.`, { code: "wrong-type" }),
      );
    }
  }
  if (pluginFolders.every((folder) => byPath.get(folder)?.kind === "directory")) {
    findings.push(
      finding("warning", "plugin", "There are both plugin/ and plugins/; they are read as one.", "Put all plug-ins into plugins/."),
    );
  }
  if ([...byPath.keys()].some((path) => path === authListName || path.endsWith(`/${authListName}`))) {
    findings.push(
      finding(
        "error",
        authListName,
        "Credentials would be part of the image.",
        `Leave ${authListName} beside the Kubefile; it is read there.`,
      ),
    );
  }
  return [...findings, ...(await lostDocuments(tree))];
}

/** Plugin documents that lie too deep to be read. */
async function lostDocuments(tree: FileTree): Promise<readonly ImageFinding[]> {
  const files = treeFiles(tree);
  const findings: ImageFinding[] = [];
  for (const entry of pluginEntries(tree)) {
    const { path, kind, size } = entry;
    if (kind !== "file" || size > 2 ** 20 || !/\.ya?ml$/.test(path) || documentPath.test(path) || path.includes("/node_modules/")) continue;
    if (!/^kind:\s*["']?Plugin\b/m.test(await textOf(files, entry))) continue;
    const message = "Plug-ins are read from the files directly in plugins/, and from plugin.yaml in the folders there, so this one is not.";
    findings.push(finding("warning", path, message, "Move it to plugins/."));
  }
  return findings;
}

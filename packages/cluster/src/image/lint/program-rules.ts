import { type FileEntry, type FileTree, firstBytes, type Platform, readElf, treeFiles } from "@outrigger/registry";
import { finding, type ImageFinding } from "./finding.ts";

/** Where programs for the hosts lie. */
const hostPrograms = /^(bin|cri)\//;
const plugins = /^plugins?\//;
const modules = /\.(ts|mts|js|mjs|cjs)$/;
/** Of an ELF file the header and the program headers behind it. */
const headBytes = 64 * 1024;

/** Programs can be started, and are for the image's machines; Go's `.so` plug-ins can't be loaded by anything but the Sealer that they were built with. */
export async function programFindings(tree: FileTree, { architecture }: Platform): Promise<readonly ImageFinding[]> {
  const files = treeFiles(tree);
  const findings: ImageFinding[] = [];
  for (const entry of tree.entries) {
    const { path, kind } = entry;
    if (kind === "symlink" && (hostPrograms.test(path) || plugins.test(path)) && files.follow(path) === undefined) {
      findings.push(finding("warning", path, `It is a link to ${entry.target}, which is not in the image.`, "COPY the file itself."));
    }
    if (kind !== "file" || (!hostPrograms.test(path) && !plugins.test(path))) continue;
    findings.push(...(await programFinding(tree, entry, architecture)));
  }
  return findings;
}

async function programFinding(tree: FileTree, entry: FileEntry, architecture: string): Promise<readonly ImageFinding[]> {
  const { path, mode } = entry;
  const head = await firstBytes(tree, entry, headBytes);
  const isElf = head[0] === 0x7f && Buffer.from(head.subarray(1, 4)).toString() === "ELF";
  const elf = isElf ? readElf((offset, length) => head.subarray(offset, offset + length)) : undefined;
  const startable = (mode & 0o111) !== 0;
  if (path.endsWith(".so") && isElf && plugins.test(path)) {
    const message = "It is a plug-in built by Go as a shared library, which only the very Sealer that it was built with can load.";
    return [
      finding(
        "error",
        path,
        message,
        "Build it as a program that speaks the protocol of docs/cluster-plugins.md, or write it as a module.",
        { code: "wrong-type" },
      ),
    ];
  }
  const found: ImageFinding[] = [];
  const isScript = head[0] === 0x23 && head[1] === 0x21;
  if ((isElf || isScript) && !startable && !/\.so(\.[\d.]+)?$/.test(path) && !modules.test(path) && !/\.sh$/.test(path)) {
    found.push(finding("error", path, "It is a program, but nobody may execute it.", "chmod +x it, or COPY it with --chmod=0755."));
  }
  const machine = elf?.architecture ?? (isElf ? architecture : undefined);
  if (machine !== undefined && machine !== architecture) {
    const severity = plugins.test(path) ? "warning" : "error";
    found.push(
      finding(severity, path, `It is a program for ${machine}, in an image for ${architecture}.`, "COPY another one for each ${ARCH}."),
    );
  }
  return found;
}

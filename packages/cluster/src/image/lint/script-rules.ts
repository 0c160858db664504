import { type FileTree, treeFiles } from "@outrigger/registry";
import { placePluginProblem } from "../../files/places.ts";
import type { PluginDocument } from "../../model/plugin-document.ts";
import { textOf } from "../plugin-files.ts";
import { checkScript } from "./check-script.ts";
import { finding, type ImageFinding } from "./finding.ts";

const mostScript = 4 * 2 ** 20;

/** The scripts that the runner starts, and those that they may, are bash. */
export async function scriptFindings(tree: FileTree): Promise<readonly ImageFinding[]> {
  const files = treeFiles(tree);
  const findings: ImageFinding[] = [];
  for (const { path } of tree.entries.filter(({ path: each, kind }) => kind !== "directory" && /^scripts\/[^/]+\.sh$/.test(each))) {
    const file = files.follow(path);
    if (file === undefined || file.kind !== "file") {
      findings.push(finding("error", path, "It is no file, or a link that leads to none in the image.", "COPY the file itself."));
      continue;
    }
    if (file.size > mostScript) continue;
    const text = await textOf(files, file);
    const fault = await checkScript(text);
    if (fault !== undefined)
      findings.push(
        finding("error", path, `It is no bash: ${fault.message}.`, "Scripts are run as `bash scripts/NAME.sh`.", { line: fault.line }),
      );
    else if (text.startsWith("#!") && !/^#!.*\b(ba|da)?sh\b/.test(text)) {
      findings.push(
        finding("warning", path, "Its first line names another program, but it is run by bash.", "Call that program from a bash script.", {
          line: 1,
        }),
      );
    }
    if (text.includes("\r\n"))
      findings.push(
        finding("error", path, "Its lines end as on Windows, which bash takes for a part of words.", "Save it with Unix line ends."),
      );
  }
  return findings;
}

/** The data of SHELL plug-ins is bash. Templates are not known before they are filled in. */
export async function shellFindings(documents: readonly PluginDocument[]): Promise<readonly ImageFinding[]> {
  const findings: ImageFinding[] = [];
  for (const document of documents) {
    const { type, data, undo, template } = document.given;
    if (type !== "SHELL" || template === true) continue;
    for (const [field, text] of [["data", data] as const, ["undo", undo] as const]) {
      if (typeof text !== "string") continue;
      const fault = await checkScript(text);
      if (fault === undefined) continue;
      const message = `Line ${fault.line} of it is no bash: ${fault.message}.`;
      findings.push({ severity: "error", ...placePluginProblem(document, { path: ["spec", field], code: "wrong-value", message }) });
    }
  }
  return findings;
}

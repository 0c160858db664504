import { resolve } from "node:path";
import { type ConfigFile, type PlainProblem, type PodPluginManifest, templateProblem } from "@outrigger/plugin";
import { readTextFile } from "../read-file.ts";

interface Filled {
  readonly manifest: PodPluginManifest;
  readonly problems: readonly PlainProblem[];
}

/** Puts the texts of template files in place of their names: a version holds all it is made of. */
export function withTemplates(manifest: PodPluginManifest, folder: string): Filled {
  const problems: PlainProblem[] = [];
  const files = manifest.spec.pod.files.map((file, index): ConfigFile => {
    const { templateFile, ...rest } = file;
    if (templateFile === undefined) return file;
    const path = ["spec", "pod", "files", index, "templateFile"];
    const { text, problem } = readTemplate(resolve(folder, templateFile));
    if (problem !== undefined) problems.push({ path, code: "wrong-value", message: problem, found: templateFile });
    return { ...rest, template: text };
  });
  return { manifest: { ...manifest, spec: { ...manifest.spec, pod: { ...manifest.spec.pod, files } } }, problems };
}

function readTemplate(file: string): { readonly text: string; readonly problem?: string } {
  try {
    const text = readTextFile(file);
    const problem = templateProblem(text);
    return problem === undefined ? { text } : { text, problem };
  } catch (error) {
    return { text: "", problem: error instanceof Error ? error.message : String(error) };
  }
}

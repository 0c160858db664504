import { clusterErrors } from "../errors.ts";

/** Why a text can't be filled in, and where in it. Lines and columns from 1. */
export interface TemplateFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type Rendering = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly fault: TemplateFault };

/** Fills `{{ .NAME }}`, `{{ .NAME | default "x" }}`, `{{ if .NAME }}...{{ else }}...{{ end }}` and `{{ range .NAME }}`; anything else is a fault. */
export function renderTemplate(template: string, variables: Readonly<Record<string, string>>): Rendering {
  throw clusterErrors["not-built"]({ what: `renderTemplate ${template} ${Object.keys(variables).length}` });
}

/** All text of a plug-in's data filled in. @throws template-invalid, which names the plug-in */
export function renderData(data: unknown, variables: Readonly<Record<string, string>>, name: string): unknown {
  throw clusterErrors["not-built"]({ what: `renderData ${typeof data} ${name} ${Object.keys(variables).length}` });
}

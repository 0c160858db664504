import { matchesGlob } from "@outrigger/sdk";
import type { RequiredLabel, Rules } from "../rules/rules.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { shown, type Violations } from "./violation.ts";

export function* judgeLabels({ labels }: Rules, body: Fields): Violations {
  for (const label of labels.required) yield* judgeLabel("labels", label, fieldsOf(body, "Labels"));
}

/** Entering a container is as good as having made it. */
export function* judgeExec({ exec }: Rules, labels: Fields | undefined): Violations {
  for (const label of exec.labels) {
    if (holds(label, labels ?? {})) continue;
    const message = `Only containers with the label ${label.name}${label.value === "*" ? "" : `=${label.value}`} may be entered.`;
    yield { rule: "exec", message };
  }
}

function* judgeLabel(rule: string, label: RequiredLabel, labels: Fields): Violations {
  if (holds(label, labels)) return;
  const found = Object.hasOwn(labels, label.name) ? ` is ${shown(labels[label.name])}, not ${label.value}` : " is missing";
  yield { rule, message: `The label ${label.name}${found}.`, hint: `Add --label ${label.name}=...` };
}

function holds({ name, value }: RequiredLabel, labels: Fields): boolean {
  const found = Object.hasOwn(labels, name) ? labels[name] : undefined;
  return typeof found === "string" && found !== "" && matchesGlob(found, value);
}

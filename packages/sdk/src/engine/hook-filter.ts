import { asRecord, type HookFilter, type HookId, hookOf } from "@outrigger/plugin";
import type { CallFacts } from "./hook-context.ts";
import { matchesAny } from "./matches-glob.ts";

type FilterFacts = Pick<CallFacts, "door" | "container">;
type Question = (input: unknown, facts: FilterFacts) => boolean;

/** Doors that reach a plug-in whose filter names none. */
const usualDoors: readonly string[] = ["create", "service"];

/** Whether a hook wants calls through a door, made ready for many questions. */
export function compileDoors(hook: HookId, filter: HookFilter): (door: string | undefined) => boolean {
  if (hookOf(hook) !== "container.preCreate") return () => true;
  const doors: readonly string[] = filter.doors ?? usualDoors;
  return (door) => door === undefined || doors.includes(door);
}

/** Makes a filter ready for many questions: true where the plug-in is to be called. */
export function compileFilter(hook: HookId, filter: HookFilter): Question {
  const wantsDoor = compileDoors(hook, filter);
  const matches = compileMatches(filter);
  return (input, facts) => wantsDoor(facts.door) && (matches === undefined || matches(input, facts));
}

/** The part of a filter that looks at more than the door; undefined where there is none. */
export function compileMatches({ images, labels, methods, routes }: HookFilter): Question | undefined {
  const questions: Question[] = [];
  if (images !== undefined) questions.push((input, facts) => matchesAny(imageOf(asRecord(input), facts), images));
  if (labels !== undefined) {
    const wanted = Object.entries(labels);
    questions.push((input, facts) => {
      const found = labelsOf(asRecord(input), facts);
      return wanted.every(([name, value]) => Object.hasOwn(found, name) && (value === "" || found[name] === value));
    });
  }
  if (methods !== undefined) questions.push((input) => methods.includes(String(asRecord(input)["method"])));
  if (routes !== undefined) questions.push((input) => matchesAny(String(asRecord(input)["route"] ?? ""), routes));
  return questions.length === 0 ? undefined : (input, facts) => questions.every((question) => question(input, facts));
}

/** The image that a call is about, wherever its hook point has it; empty where there is none. */
function imageOf(input: Readonly<Record<string, unknown>>, { container }: FilterFacts): string {
  const image =
    asRecord(input["body"])["Image"] ??
    input["reference"] ??
    asRecord(input["container"])["image"] ??
    asRecord(asRecord(input["config"])["image"])["image"] ??
    container?.image;
  return typeof image === "string" ? image : "";
}

function labelsOf(input: Readonly<Record<string, unknown>>, { container }: FilterFacts): Readonly<Record<string, unknown>> {
  return asRecord(
    asRecord(input["body"])["Labels"] ??
      input["Labels"] ??
      asRecord(input["container"])["labels"] ??
      asRecord(input["config"])["labels"] ??
      container?.labels,
  );
}
